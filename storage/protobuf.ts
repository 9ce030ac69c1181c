import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** How each field of a message is read into `T`, by field number. Fields not named here are skipped, whoever added them. */
export type FieldReaders<T> = { readonly [field: number]: (reader: BinaryReader, message: T) => void };

export function decodeInto<T>(message: T, bytes: Uint8Array, fields: FieldReaders<T>): T {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read === undefined) reader.skip(wireType, field);
    else read(reader, message);
  }
  return message;
}

/** An int64 that is exact as a number: revisions, counts, sizes. */
export function readInt(reader: BinaryReader): number {
  return Number(reader.int64());
}

/** Bytes of their own: a view would keep the whole message alive. */
export function readBytes(reader: BinaryReader): Uint8Array {
  return reader.bytes().slice();
}

/** Writes fields, leaving out what has its default value, as proto3 does. */
export class MessageWriter {
  readonly #writer = new BinaryWriter();

  bytes(field: number, value: Uint8Array): this {
    if (value.byteLength > 0) this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  int(field: number, value: number | bigint | undefined): this {
    if (value !== undefined && value !== 0 && value !== 0n) this.#writer.tag(field, WireType.Varint).int64(value);
    return this;
  }

  bool(field: number, value: boolean | undefined): this {
    if (value) this.#writer.tag(field, WireType.Varint).bool(true);
    return this;
  }

  /** A message field, written even where it is empty: that it is there may be what it says. */
  message(field: number, value: Uint8Array): this {
    this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}
