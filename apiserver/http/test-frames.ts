import { OneFrame } from "./shared-frame.ts";

/** A frame of this text alone. */
export function frameOf(text: string): OneFrame {
  const size = `${Buffer.byteLength(text).toString(16)}\r\n`;
  return new OneFrame(Buffer.from(`${size}${text}\r\n`), size.length, Buffer.byteLength(text));
}
