import { createPublicKey } from "node:crypto";
import { type JwtClaims, verificationKey } from "../../../apiserver/authentication/jwt.ts";
import type { TokenKey, TokenKeys } from "../../../apiserver/authentication/token-keys.ts";
import type { Clock, Logger, Timer } from "../../../base/mod.ts";
import type { ExternalSigner } from "./client.ts";
import type { FetchKeysResponse } from "./messages.ts";
import type { SignerMetrics } from "./metrics.ts";

// pkg/serviceaccount/externaljwt/plugin.

/** After the keys could not be fetched. */
const fallbackMs = 10_000;
const maxKeyIdLength = 1024;
const algorithms: ReadonlySet<string> = new Set(["RS256", "ES256", "ES384", "ES512"]);

export interface ExternalTokenKeysDeps {
  readonly signer: ExternalSigner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: SignerMetrics;
}

/** The keys of an external signer, as fresh as it asks for, and looked for anew where a token names another one. */
export class ExternalTokenKeys implements TokenKeys {
  readonly #deps: ExternalTokenKeysDeps;
  readonly #listeners: (() => void)[] = [];
  #keys: readonly TokenKey[] = [];
  #dataTimestamp: number | undefined;
  #nextMs = 0;
  #fetching: Promise<void> | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: ExternalTokenKeysDeps) {
    this.#deps = deps;
  }

  /** Resolves with the keys at hand; rejects where the signer does not tell, or tells what cannot be. */
  async start(): Promise<void> {
    try {
      await this.#fetch();
    } catch (cause) {
      const why = `while performing initial cache fill: ${(cause as Error).message}`;
      throw new Error(`while initially filling key cache: ${why}`, { cause });
    }
    this.#schedule(this.#nextMs - this.#deps.clock.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.clear();
  }

  get keys(): readonly TokenKey[] {
    return this.#keys;
  }

  get maxAgeSeconds(): number {
    return Math.max(0, Math.floor((this.#nextMs - this.#deps.clock.now()) / 1000));
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  find(keyId: string): readonly TokenKey[] | Promise<readonly TokenKey[]> {
    const known = this.#known(keyId);
    if (known.length > 0) return known;
    return this.#fetch().then(
      () => this.#known(keyId),
      (error: unknown) => {
        this.#deps.logger.warn("keys of service account tokens could not be fetched", { error });
        return [];
      },
    );
  }

  async sign(claims: JwtClaims): Promise<string> {
    const { signer, metrics } = this.#deps;
    try {
      const token = await this.#signed(signer, Buffer.from(JSON.stringify(claims)).toString("base64url"));
      metrics.signed(undefined);
      return token;
    } catch (error) {
      metrics.signed(error);
      throw error;
    }
  }

  async #signed(signer: ExternalSigner, payload: string): Promise<string> {
    const { header, signature } = await signer.sign(payload).catch((cause: Error) => {
      throw new Error(`while signing jwt: ${cause.message}`, { cause });
    });
    try {
      await this.#checkHeader(header);
    } catch (cause) {
      throw new Error(`while validating header: ${(cause as Error).message}`, { cause });
    }
    if (signature === "") throw new Error("empty signature returned");
    return `${header}.${payload}.${signature}`;
  }

  async #checkHeader(header: string): Promise<void> {
    const { alg, kid, typ } = parseHeader(header);
    if (typ !== "JWT") throw new Error("bad type");
    if (kid === "") throw new Error("key id missing");
    if (kid.length > maxKeyIdLength) throw new Error("key id longer than 1 kb");
    if (!algorithms.has(alg)) throw new Error(`bad signing algorithm ${JSON.stringify(alg)}`);
    if ((await this.find(kid)).some(({ hidden }) => hidden)) {
      throw new Error(`key used for signing JWT (kid: ${kid}) is excluded from OIDC discovery docs`);
    }
  }

  #known(keyId: string): readonly TokenKey[] {
    return this.#keys.filter((key) => key.keyId === keyId);
  }

  /** One call at a time, whoever wants to know. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetchNow().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchNow(): Promise<void> {
    const { signer, clock, metrics } = this.#deps;
    try {
      const answer = await signer.fetchKeys().catch((cause: Error) => {
        throw new Error(`while getting externally supported jwt signing keys: ${cause.message}`, { cause });
      });
      const keys = keysOf(answer);
      const changed = answer.dataTimestamp !== this.#dataTimestamp || idsOf(keys) !== idsOf(this.#keys);
      this.#keys = keys;
      this.#dataTimestamp = answer.dataTimestamp;
      this.#nextMs = clock.now() + answer.refreshHintSeconds * 1000;
      metrics.fetched(undefined, clock.now(), answer.dataTimestamp);
      if (changed) for (const listener of this.#listeners) listener();
    } catch (cause) {
      metrics.fetched(cause, clock.now());
      throw new Error(`while fetching token verification keys: ${(cause as Error).message}`, { cause });
    }
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    const { clock, logger } = this.#deps;
    this.#timer = clock.setTimer(ms, () => {
      this.#fetch().then(
        () => this.#schedule(this.#nextMs - clock.now()),
        (error: unknown) => {
          logger.error("keys of service account tokens could not be fetched: they stay as they are", { error });
          this.#schedule(fallbackMs);
        },
      );
    });
    this.#timer.unref();
  }
}

/** Throws in upstream's words where what is told cannot be. */
function keysOf({ keys, dataTimestamp, refreshHintSeconds }: FetchKeysResponse): readonly TokenKey[] {
  if (refreshHintSeconds <= 0) throw new Error(`found invalid refresh hint (${refreshHintSeconds}s)`);
  if (keys.length === 0) throw new Error("found no keys");
  if (dataTimestamp === undefined) throw new Error("invalid data timestamp: invalid nil Timestamp");
  return keys.map(({ keyId, key, excludeFromOidcDiscovery }) => {
    if (keyId === "" || keyId.length > maxKeyIdLength)
      throw new Error(`found invalid public key id ${JSON.stringify(keyId)}`);
    if (key.byteLength === 0) throw new Error("found empty public key");
    try {
      const parsed = createPublicKey({ key: Buffer.from(key), format: "der", type: "spki" });
      return { ...verificationKey(parsed), keyId, hidden: excludeFromOidcDiscovery };
    } catch (cause) {
      throw new Error(`while parsing external public keys: ${(cause as Error).message}`, { cause });
    }
  });
}

/** What a change of keys is told by: contents of one name are believed to stay. */
function idsOf(keys: readonly TokenKey[]): string {
  return JSON.stringify(keys.map(({ keyId, hidden }) => [keyId, hidden]));
}

const headerFields: ReadonlySet<string> = new Set(["alg", "kid", "typ"]);

function parseHeader(header: string): { readonly alg: string; readonly kid: string; readonly typ: string } {
  if (!/^[A-Za-z0-9_-]*$/.test(header) || header.length % 4 === 1) {
    throw new Error("while unwrapping header: illegal base64 data");
  }
  try {
    const value = JSON.parse(Buffer.from(header, "base64url").toString()) as Record<string, unknown>;
    const unknown = Object.keys(value).find((name) => !headerFields.has(name));
    if (unknown !== undefined) throw new Error(`json: unknown field ${JSON.stringify(unknown)}`);
    const text = (field: unknown): string => (typeof field === "string" ? field : "");
    return { alg: text(value["alg"]), kid: text(value["kid"]), typ: text(value["typ"]) };
  } catch (cause) {
    throw new Error(`while parsing header JSON: ${(cause as Error).message}`, { cause });
  }
}
