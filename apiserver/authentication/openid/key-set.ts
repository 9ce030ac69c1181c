import { createPublicKey, type KeyObject } from "node:crypto";
import type { HttpGet } from "./http-get.ts";

interface NamedKey {
  readonly id: string | undefined;
  readonly key: KeyObject;
}

/**
 * The public keys that an issuer publishes, asked for anew whenever a token names one that is not among them: an issuer may
 * turn to a new key at any time. Tokens that come while it is asked wait for the same answer.
 */
export class RemoteKeySet {
  readonly #url: string;
  readonly #get: HttpGet;
  #keys: readonly NamedKey[] = [];
  #asked: Promise<readonly NamedKey[]> | undefined;

  constructor(url: string, get: HttpGet) {
    this.#url = url;
    this.#get = get;
  }

  async keysOf(keyId: string | undefined): Promise<readonly KeyObject[]> {
    const known = this.#matching(keyId);
    if (known.length > 0) return known;
    this.#asked ??= this.#fetch().finally(() => {
      this.#asked = undefined;
    });
    this.#keys = await this.#asked;
    return this.#matching(keyId);
  }

  #matching(keyId: string | undefined): readonly KeyObject[] {
    return this.#keys.filter(({ id }) => keyId === undefined || id === keyId).map(({ key }) => key);
  }

  async #fetch(): Promise<readonly NamedKey[]> {
    try {
      const { keys } = JSON.parse(await this.#get(this.#url)) as { readonly keys?: readonly Record<string, unknown>[] };
      return (keys ?? []).flatMap(readKey);
    } catch (cause) {
      const { message } = cause as Error;
      throw new Error(`failed to verify signature: fetching keys oidc: get keys failed ${message}`, { cause });
    }
  }
}

/** Keys for encryption, and of kinds that nobody knows yet, are none of ours. */
function readKey(jwk: Readonly<Record<string, unknown>>): readonly NamedKey[] {
  if (jwk["use"] !== undefined && jwk["use"] !== "sig") return [];
  if (jwk["kty"] !== "RSA" && jwk["kty"] !== "EC") return [];
  const id = typeof jwk["kid"] === "string" ? jwk["kid"] : undefined;
  return [{ id, key: createPublicKey({ key: jwk, format: "jwk" }) }];
}
