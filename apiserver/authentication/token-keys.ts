import { createPublicKey, type KeyObject } from "node:crypto";
import { type JwtClaims, JwtSigner, type VerificationKey, verificationKey } from "./jwt.ts";

/** One key whose signatures are believed. */
export interface TokenKey extends VerificationKey {
  /** Others are not told of it: it has signed, and signs no more. */
  readonly hidden?: boolean;
}

/** Who signs service accounts' tokens, and whose signatures are believed. */
export interface TokenKeys {
  /** All that are known now. */
  readonly keys: readonly TokenKey[];
  /** Those of this id, asked for anew where none is known. */
  find(keyId: string): readonly TokenKey[] | Promise<readonly TokenKey[]>;
  /** A compact token of these claims. Rejects where nobody signs now. */
  sign(claims: JwtClaims): string | Promise<string>;
  /** For how long others may keep what they are told of the keys. */
  readonly maxAgeSeconds: number;
  /** Calls `listener` after each change of `keys`. */
  onChange(listener: () => void): void;
}

/** Keys that the server has itself: the first one signs. */
export function ownTokenKeys(signingKey: KeyObject, others: readonly KeyObject[] = []): TokenKeys {
  const signer = new JwtSigner(signingKey);
  const publicOf = (key: KeyObject) => verificationKey(key.type === "private" ? createPublicKey(key) : key);
  const keys = [signer.verificationKey, ...others.map(publicOf)];
  const byId = new Map(keys.map((key) => [key.keyId, [key]]));
  return {
    keys,
    find: (keyId) => byId.get(keyId) ?? [],
    sign: (claims) => signer.sign(claims),
    maxAgeSeconds: 3600,
    onChange() {},
  };
}
