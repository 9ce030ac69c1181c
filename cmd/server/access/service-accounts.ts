import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { decodePem } from "../../../apimachinery/x509/pem.ts";
import type { AccessOptions } from "../../../apiserver/access.ts";
import { verificationKey } from "../../../apiserver/authentication/jwt.ts";
import { extendedExpirationSeconds } from "../../../apiserver/authentication/token-request.ts";
import type { MetricsRegistry } from "../../../base/metrics.ts";
import { type Logger, realClock } from "../../../base/mod.ts";
import { CommandError } from "../../command-error.ts";
import type { ServiceAccountFlags } from "../../commands/service-account-options.ts";
import { signerMetrics } from "../external-signer/metrics.ts";
import { ExternalTokenKeys } from "../external-signer/token-keys.ts";
import { usableFile } from "./usable-file.ts";

export interface ServiceAccountParts {
  /** Signs where no flag names another. */
  readonly ownKey: KeyObject;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Until then an external signer is asked for its keys. */
  readonly signal: AbortSignal;
}

/** What the flags say of service accounts' tokens. What is wrong with a file or a signer is a CommandError. */
export async function serviceAccountsOfFlags(
  flags: ServiceAccountFlags,
  parts: ServiceAccountParts,
): Promise<AccessOptions["serviceAccounts"]> {
  const { ownKey } = parts;
  const maxExpirationSeconds = Math.floor(flags.serviceAccountMaxTokenExpiration / 1000);
  const external = await externalKeys(flags, maxExpirationSeconds, parts);
  const [issuer = "", ...otherIssuers] = flags.serviceAccountIssuer;
  const { serviceAccountSigningKeyFile, serviceAccountKeyFile = [], serviceAccountJwksUri, apiAudiences } = flags;
  const signingKey = await usableFile(
    "--service-account-signing-key-file",
    serviceAccountSigningKeyFile,
    async (file) => {
      const key = createPrivateKey(await readFile(file));
      verificationKey(key);
      return key;
    },
  );
  const otherKeys = await Promise.all(
    serviceAccountKeyFile.map((one) =>
      usableFile("--service-account-key-file", one, async (file) => publicKeysOf(await readFile(file, "utf8"))),
    ),
  );
  const key = signingKey ?? ownKey;
  return {
    issuer,
    otherIssuers,
    signingKey: key,
    otherKeys: otherKeys.flatMap((keys) => keys ?? []).filter((one) => !one.equals(createPublicKey(key))),
    ...(apiAudiences === undefined ? {} : { audiences: apiAudiences }),
    ...(serviceAccountJwksUri === undefined ? {} : { keysUrl: serviceAccountJwksUri }),
    ...(maxExpirationSeconds === 0 ? {} : { maxExpirationSeconds }),
    extendExpiration: flags.serviceAccountExtendTokenExpiration === "true",
    ...external,
  };
}

type External = Pick<
  AccessOptions["serviceAccounts"],
  "keys" | "maxExpirationSeconds" | "maxExtendedExpirationSeconds"
>;

/** What an external signer changes (pkg/controlplane/apiserver/options, completeServiceAccountOptions); nothing where there is none. */
async function externalKeys(
  flags: ServiceAccountFlags,
  maxSeconds: number,
  { logger, metrics, signal }: ServiceAccountParts,
): Promise<External> {
  const { serviceAccountSigningEndpoint: socket, serviceAccountSigningKeyFile, serviceAccountKeyFile = [] } = flags;
  if (socket === undefined) return {};
  if (serviceAccountSigningKeyFile !== undefined) {
    throw new CommandError(
      "service-account-signing-key-file and service-account-signing-endpoint are mutually exclusive and cannot be set at the same time",
    );
  }
  if (serviceAccountKeyFile.length > 0) {
    throw new CommandError(
      "cannot set mutually exclusive flags `--service-account-key-file` and `--service-account-signing-endpoint` at the same time",
    );
  }
  // gRPC takes a while to load.
  const { externalSigner } = await import("../external-signer/client.ts");
  const signing = signerMetrics(metrics);
  const signer = externalSigner({ socket, clock: realClock, metrics: signing });
  const keys = new ExternalTokenKeys({ signer, clock: realClock, logger, metrics: signing });
  const stop = (): void => {
    keys.stop();
    signer.close();
  };
  try {
    await keys.start();
    const limit = await signer.maxExpirationSeconds();
    checkLimit(limit, maxSeconds);
    signal.addEventListener("abort", stop, { once: true });
    return {
      keys,
      maxExpirationSeconds: maxSeconds === 0 ? limit : maxSeconds,
      maxExtendedExpirationSeconds: Math.min(limit, extendedExpirationSeconds),
    };
  } catch (cause) {
    stop();
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(`while setting up external-jwt-signer: ${(cause as Error).message}`, { cause });
  }
}

const minLimitSeconds = 600;

function checkLimit(limit: number, wanted: number): void {
  if (limit < minLimitSeconds) {
    throw new CommandError(
      `max token life supported by external-jwt-signer (${limit}s) is less than acceptable (min ${minLimitSeconds}s)`,
    );
  }
  if (wanted > limit) {
    throw new CommandError(
      `service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: ${wanted}s > ${limit}s`,
    );
  }
}

/** All keys of PEM text, of private ones the public half; what is no key is passed over (client-go's keyutil). */
function publicKeysOf(pem: string): readonly KeyObject[] {
  const keys: KeyObject[] = [];
  for (let block = decodePem(pem); block !== undefined; block = decodePem(block.rest)) {
    const text = `-----BEGIN ${block.type}-----\n${block.bytes.toString("base64")}\n-----END ${block.type}-----\n`;
    const key = publicKeyOf(text);
    if (key !== undefined) keys.push(key);
  }
  if (keys.length === 0) throw new Error("data does not contain any valid RSA or ECDSA public keys");
  return keys;
}

function publicKeyOf(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    verificationKey(key);
    return key;
  } catch {
    return undefined; // Another kind of block.
  }
}
