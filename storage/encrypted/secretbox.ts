import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import type { Random } from "../../base/mod.ts";
import { UnreadableValueError, type ValueTransformer } from "./value-transformer.ts";

const nonceBytes = 24;
const tagBytes = 16;

/** XSalsa20 and Poly1305 as NaCl's secretbox has them, nonce in front: `k8s:enc:secretbox:v1:NAME:` in a store. `key` is 32 bytes. */
export function secretbox(key: Uint8Array, random: Random): ValueTransformer {
  return {
    toStore(value) {
      const nonce = random.bytes(nonceBytes);
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(value)]);
    },
    fromStore(stored) {
      if (stored.byteLength < nonceBytes + tagBytes)
        throw new UnreadableValueError("the stored data was shorter than the required size");
      try {
        const box = xsalsa20poly1305(key, stored.subarray(0, nonceBytes));
        return { value: box.decrypt(stored.subarray(nonceBytes)), stale: false };
      } catch (cause) {
        throw new UnreadableValueError("the stored data is damaged, or was encrypted with another key", { cause });
      }
    },
  };
}
