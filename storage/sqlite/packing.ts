import type { Entry, StorageEvent } from "../storage.ts";
import type { PackedEntries, PackedEvents } from "./messages.ts";

/** Values gathered for one message. */
export class BytesWriter {
  readonly #values: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(value: Uint8Array): void {
    this.#values.push(value);
    this.#length += value.byteLength;
  }

  /** One buffer of all values in order: to be transferred. */
  take(): ArrayBuffer {
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const value of this.#values) {
      bytes.set(value, offset);
      offset += value.byteLength;
    }
    return bytes.buffer;
  }
}

/** Reads back, in order, what a `BytesWriter` gathered: views, not copies. */
export class BytesReader {
  readonly #buffer: ArrayBuffer;
  #offset = 0;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
  }

  next(length: number): Uint8Array {
    const value = new Uint8Array(this.#buffer, this.#offset, length);
    this.#offset += length;
    return value;
  }
}

export class EntriesWriter {
  readonly #keys: string[] = [];
  readonly #numbers: number[] = [];
  readonly #bytes = new BytesWriter();

  get count(): number {
    return this.#keys.length;
  }
  get byteLength(): number {
    return this.#bytes.length;
  }

  add(entry: Entry): void {
    this.#keys.push(entry.key);
    this.#numbers.push(entry.createRevision, entry.modRevision, entry.value.byteLength);
    this.#bytes.add(entry.value);
  }

  take(): PackedEntries {
    return { keys: this.#keys, numbers: Float64Array.from(this.#numbers), bytes: this.#bytes.take() };
  }
}

export function unpackEntries({ keys, numbers, bytes }: PackedEntries): Entry[] {
  const reader = new BytesReader(bytes);
  return keys.map((key, index) => ({
    key,
    createRevision: numbers[3 * index] as number,
    modRevision: numbers[3 * index + 1] as number,
    value: reader.next(numbers[3 * index + 2] as number),
  }));
}

const eventNumbers = 6;

export class EventsWriter {
  readonly #keys: string[] = [];
  readonly #numbers: number[] = [];
  readonly #bytes = new BytesWriter();

  get byteLength(): number {
    return this.#bytes.length;
  }

  add(event: StorageEvent): void {
    if (event.type === "put") {
      this.#keys.push(event.entry.key);
      this.#numbers.push(event.entry.modRevision, event.entry.createRevision, event.entry.value.byteLength);
      this.#bytes.add(event.entry.value);
    } else {
      this.#keys.push(event.key);
      this.#numbers.push(event.revision, 0, -1);
    }
    const { previous } = event;
    this.#numbers.push(previous?.modRevision ?? 0, previous?.createRevision ?? 0, previous?.value.byteLength ?? -1);
    if (previous !== undefined) this.#bytes.add(previous.value);
  }

  take(): PackedEvents {
    return { keys: this.#keys, numbers: Float64Array.from(this.#numbers), bytes: this.#bytes.take() };
  }
}

export function unpackEvents({ keys, numbers, bytes }: PackedEvents): StorageEvent[] {
  const reader = new BytesReader(bytes);
  const at = (index: number, field: number): number => numbers[eventNumbers * index + field] as number;
  return keys.map((key, index): StorageEvent => {
    const revision = at(index, 0);
    const length = at(index, 2);
    const value = length < 0 ? undefined : reader.next(length);
    const previousLength = at(index, 5);
    const previous =
      previousLength < 0
        ? undefined
        : { key, modRevision: at(index, 3), createRevision: at(index, 4), value: reader.next(previousLength) };
    if (value === undefined) return { type: "delete", key, revision, previous };
    return { type: "put", entry: { key, value, createRevision: at(index, 1), modRevision: revision }, previous };
  });
}
