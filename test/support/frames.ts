/** HTTP/2 as it is on the wire (RFC 9113, 4.1), for what no client would send. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** `length`: what the frame says of its own length. */
export function frame(type: number, flags: number, stream: number, payload: Buffer, length = payload.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export const settings = frame(4, 0, 0, Buffer.alloc(0));

/** Fields of a GET: indexed ones, and a path that is written out. */
export function getFields(path: string): Buffer {
  const bytes = Buffer.from(path);
  return Buffer.concat([
    Buffer.from([0x82, 0x87, 0x04, bytes.length]),
    bytes,
    Buffer.from([0x01, 4]),
    Buffer.from("test"),
  ]);
}

export const get = (stream: number, path = "/readyz"): Buffer => frame(1, 0x5, stream, getFields(path));
export const cancel = (stream: number): Buffer => frame(3, 0, stream, Buffer.from([0, 0, 0, 8]));

/** Requests, each given up at once. */
export function rapidResets(count: number, path?: string): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => [get(2 * i + 1, path), cancel(2 * i + 1)]).flat());
}

/** The code of the last GOAWAY among whole frames; undefined where there is none. */
export function goAwayCode(bytes: Buffer): number | undefined {
  let code: number | undefined;
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 7 && at + 17 <= bytes.length) code = bytes.readUInt32BE(at + 13);
  }
  return code;
}
