/** Kubernetes' alphabet for generated names: no vowels, so no words; no look-alikes (apimachinery/pkg/util/rand). */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";

export function suffixFrom(below: (bound: number) => number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet[below(alphabet.length)];
  return text;
}

/** RFC 9562 section 5.4: 16 random bytes, version 4, variant 10. Changes `bytes`. */
export function uuidFrom(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += (bytes[i] ?? 0).toString(16).padStart(2, "0");
  }
  return text;
}
