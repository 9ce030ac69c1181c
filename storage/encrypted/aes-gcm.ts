import { type CipherGCMTypes, createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import type { Random } from "../../base/mod.ts";
import { UnreadableValueError, type ValueTransformer } from "./value-transformer.ts";

const nonceBytes = 12;
const tagBytes = 16;
/** What a derived key is derived from, in front of the value. */
const infoBytes = 32;

/**
 * AES-GCM, nonce in front and tag behind, the store's key authenticated with it: `k8s:enc:aesgcm:v1:NAME:` in a store. `key`
 * is 16, 24 or 32 bytes. With random nonces one key is good for 2^32 writes (NIST SP 800-38D).
 */
export function aesGcm(key: Uint8Array, random: Random): ValueTransformer {
  const algorithm = `aes-${key.byteLength * 8}-gcm` as CipherGCMTypes;
  return {
    toStore(value, storeKey) {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(storeKey));
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    },
    fromStore(stored, storeKey) {
      if (stored.byteLength < nonceBytes + tagBytes)
        throw new UnreadableValueError("the stored data was shorter than the required size");
      const tagAt = stored.byteLength - tagBytes;
      const decipher = createDecipheriv(algorithm, key, stored.subarray(0, nonceBytes))
        .setAAD(Buffer.from(storeKey))
        .setAuthTag(stored.subarray(tagAt));
      try {
        const value = Buffer.concat([decipher.update(stored.subarray(nonceBytes, tagAt)), decipher.final()]);
        return { value, stale: false };
      } catch (cause) {
        throw new UnreadableValueError("cipher: message authentication failed", { cause });
      }
    },
  };
}

/**
 * AES-GCM with a key of its own for every write, derived from a seed and 32 random bytes in front of the value
 * (HKDF_SHA256_XNONCE_AES_GCM_SEED of KMS v2): a seed wears out never.
 */
export function derivedKeyGcm(seed: Uint8Array, random: Random): ValueTransformer {
  if (seed.byteLength < 32)
    throw new UnreadableValueError(`invalid seed length ${seed.byteLength} used for key generation`);
  return {
    toStore(value, storeKey) {
      const info = random.bytes(infoBytes);
      return Buffer.concat([info, aesGcm(derivedKey(seed, info), random).toStore(value, storeKey)]);
    },
    fromStore(stored, storeKey) {
      if (stored.byteLength < infoBytes)
        throw new UnreadableValueError("the stored data was shorter than the required size");
      const key = derivedKey(seed, stored.subarray(0, infoBytes));
      return aesGcm(key, random).fromStore(stored.subarray(infoBytes), storeKey);
    },
  };
}

/** The first block of RFC 5869's HKDF-Expand, which is all that a key of 32 bytes needs. */
function derivedKey(seed: Uint8Array, info: Uint8Array): Uint8Array {
  return createHmac("sha256", seed)
    .update(info)
    .update(new Uint8Array([1]))
    .digest();
}
