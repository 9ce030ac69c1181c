import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { decodePem } from "../../../apimachinery/x509/pem.ts";
import type { AccessOptions } from "../../../apiserver/access.ts";
import { verificationKey } from "../../../apiserver/authentication/jwt.ts";
import type { ServiceAccountFlags } from "../../commands/service-account-options.ts";
import { usableFile } from "./usable-file.ts";

/** What the flags say of service accounts' tokens; `ownKey` signs where no flag names another. What is wrong with a file is a CommandError. */
export async function serviceAccountsOfFlags(
  flags: ServiceAccountFlags,
  ownKey: KeyObject,
): Promise<AccessOptions["serviceAccounts"]> {
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
  const maxExpirationSeconds = Math.floor(flags.serviceAccountMaxTokenExpiration / 1000);
  return {
    issuer,
    otherIssuers,
    signingKey: key,
    otherKeys: otherKeys.flatMap((keys) => keys ?? []).filter((one) => !one.equals(createPublicKey(key))),
    ...(apiAudiences === undefined ? {} : { audiences: apiAudiences }),
    ...(serviceAccountJwksUri === undefined ? {} : { keysUrl: serviceAccountJwksUri }),
    ...(maxExpirationSeconds === 0 ? {} : { maxExpirationSeconds }),
    extendExpiration: flags.serviceAccountExtendTokenExpiration === "true",
  };
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
