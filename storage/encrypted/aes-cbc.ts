import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../../base/mod.ts";
import { UnreadableValueError, type ValueTransformer } from "./value-transformer.ts";

const blockBytes = 16;

/**
 * AES-CBC with PKCS#7 padding, the initialization vector in front: `k8s:enc:aescbc:v1:NAME:` in a store. `key` is 16, 24 or
 * 32 bytes. It does not authenticate: changed bytes may go unnoticed.
 */
export function aesCbc(key: Uint8Array, random: Random): ValueTransformer {
  const algorithm = `aes-${key.byteLength * 8}-cbc`;
  return {
    toStore(value) {
      const iv = random.bytes(blockBytes);
      const cipher = createCipheriv(algorithm, key, iv);
      return Buffer.concat([iv, cipher.update(value), cipher.final()]);
    },
    fromStore(stored) {
      if (stored.byteLength < blockBytes)
        throw new UnreadableValueError("the stored data was shorter than the required size");
      if (stored.byteLength % blockBytes !== 0)
        throw new UnreadableValueError("the stored data is not a multiple of the block size");
      const decipher = createDecipheriv(algorithm, key, stored.subarray(0, blockBytes));
      try {
        const value = Buffer.concat([decipher.update(stored.subarray(blockBytes)), decipher.final()]);
        return { value, stale: false };
      } catch (cause) {
        throw new UnreadableValueError("invalid padding on input", { cause });
      }
    },
  };
}
