const alphabet = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The canonical form of standard base64 text, line breaks removed, or the index of the byte that Go's decoder names in
 * "illegal base64 data at input byte N" (encoding/base64 Decode).
 */
export function canonicalBase64(text: string): string | number {
  if (text.length % 4 === 0 && alphabet.test(text)) return text.endsWith("=") ? withoutSpareBits(text) : text;
  const problem = firstIllegalByte(text);
  return problem ?? withoutSpareBits(text.replace(/[\r\n]/g, ""));
}

/** Bits beyond the last byte are ignored when read, and zero when written. */
function withoutSpareBits(text: string): string {
  return Buffer.from(text, "base64").toString("base64");
}

/** Walks groups of four as Go does; undefined where the text is well-formed. */
function firstIllegalByte(text: string): number | undefined {
  const bytes = Buffer.from(text, "utf8");
  const isBreak = (byte: number | undefined) => byte === 10 || byte === 13;
  let inGroup = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (isBreak(byte)) continue;
    if (byte !== 0x3d) {
      if (!/[A-Za-z0-9+/]/.test(String.fromCharCode(byte))) return i;
      inGroup = (inGroup + 1) % 4;
      continue;
    }
    if (inGroup < 2) return i;
    let next = i + 1;
    if (inGroup === 2) {
      while (isBreak(bytes[next])) next++;
      if (next === bytes.length) return bytes.length;
      if (bytes[next] !== 0x3d) return next - 1;
      next++;
    }
    while (isBreak(bytes[next])) next++;
    return next < bytes.length ? next : undefined;
  }
  return inGroup === 0 ? undefined : bytes.length - inGroup;
}
