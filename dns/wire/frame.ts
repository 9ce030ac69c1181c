/** A message over TCP has its length before it (RFC 1035 section 4.2.2). */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 2);
  framed[0] = message.length >> 8;
  framed[1] = message.length & 0xff;
  framed.set(message, 2);
  return framed;
}

/** Cuts a stream into messages. Holds back at most one message, 64 KiB. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array();

  /** The messages that are complete now. */
  push(data: Uint8Array): readonly Uint8Array[] {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at + 2 <= bytes.length) {
      const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      if (at + 2 + length > bytes.length) break;
      messages.push(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    this.#rest = bytes.subarray(at);
    return messages;
  }
}
