/** The bytes are no DNS message. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const maxNameBytes = 255;
const maxLabelBytes = 63;

export interface DecodedName {
  /** Lower case, without the final dot: "" is the root. A dot or backslash inside a label has a backslash, other bytes outside of ASCII's visible ones are `\DDD`. */
  readonly name: string;
  /** Where the message goes on behind it. */
  readonly end: number;
  /** It ends in a pointer. */
  readonly compressed: boolean;
}

/** Reads a name that may end in a pointer to an earlier one (RFC 1035 section 4.1.4). Throws WireError. */
export function readName(bytes: Uint8Array, start: number): DecodedName {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let length = 1;
  for (;;) {
    const size = bytes[at];
    if (size === undefined) throw new WireError("a name runs past the end");
    if (size === 0) {
      return { name: labels.join("."), end: end < 0 ? at + 1 : end, compressed: end >= 0 };
    }
    if (size >= 0xc0) {
      const target = ((size & 0x3f) << 8) | (bytes[at + 1] ?? -1);
      // Only backwards: so it ends.
      if (target < 0 || target >= at) throw new WireError("a name points forwards");
      if (end < 0) end = at + 2;
      at = target;
      continue;
    }
    if (size > maxLabelBytes) throw new WireError("a label of an unknown kind");
    length += size + 1;
    if (length > maxNameBytes) throw new WireError("a name is too long");
    if (at + 1 + size > bytes.length) throw new WireError("a label runs past the end");
    labels.push(labelText(bytes, at + 1, size));
    at += size + 1;
  }
}

function labelText(bytes: Uint8Array, start: number, size: number): string {
  let text = "";
  for (let i = start; i < start + size; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x41 && byte <= 0x5a) text += String.fromCharCode(byte + 0x20);
    else if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}

/** The labels of a name as `readName` gives it, as bytes. Throws WireError where one is too long. */
export function nameBytes(name: string): Uint8Array {
  if (name === "") return new Uint8Array(1);
  const bytes: number[] = [];
  let label: number[] = [];
  const finish = (): void => {
    if (label.length === 0 || label.length > maxLabelBytes)
      throw new WireError(`${name} has a label of ${label.length} bytes`);
    bytes.push(label.length, ...label);
    label = [];
  };
  for (let i = 0; i < name.length; i++) {
    const character = name[i] as string;
    if (character === ".") finish();
    else if (character === "\\") {
      const digits = /^\d{3}/.exec(name.slice(i + 1))?.[0];
      label.push(digits === undefined ? name.charCodeAt(i + 1) & 0xff : Number(digits) & 0xff);
      i += digits?.length ?? 1;
    } else label.push(character.charCodeAt(0) & 0xff);
  }
  finish();
  bytes.push(0);
  if (bytes.length > maxNameBytes) throw new WireError(`${name} is too long`);
  return Uint8Array.from(bytes);
}
