import type { ServedObject } from "../cache/served-object.ts";

/** Lists are copied out in pieces of this size: memory does not follow their length, and a piece fits a core's cache. */
export const pieceBytes: number = 256 * 1024;
/** Pieces kept for the next list. */
const maxFree = 16;

/**
 * Memory for the pieces of long lists, used again and again: fresh memory for each would cost as much as copying, and make
 * the garbage collector believe that the heap overflows.
 */
export class PiecePool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  }

  give(piece: Buffer): void {
    if (this.#free.length < maxFree && piece.length === pieceBytes) {
      this.#free.push(piece);
    }
  }
}

/** A list as it is sent: its head and the items' own bytes. Nothing is encoded. */
export class ListBody {
  readonly byteLength: number;
  readonly #head: Buffer;
  readonly #items: readonly ServedObject[];
  readonly #tail = Buffer.from("]}\n");

  /** `metadata` is that of the list. */
  constructor(
    type: { readonly kind: string; readonly apiVersion: string },
    metadata: object,
    items: readonly ServedObject[],
  ) {
    const { kind, apiVersion } = type;
    const head = `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
    this.#head = Buffer.from(head);
    this.#items = items;
    let length = this.#head.length + this.#tail.length + Math.max(0, items.length - 1);
    for (const item of items) {
      length += item.itemLength;
    }
    this.byteLength = length;
  }

  whole(): Buffer {
    const whole = Buffer.allocUnsafe(this.byteLength);
    let at = this.#head.copy(whole);
    for (let i = 0; i < this.#items.length; i++) {
      at = this.#copyItem(i, whole, at);
    }
    this.#tail.copy(whole, at);
    return whole;
  }

  /** The same in order, in pieces of memory that `allocate` gives; an item larger than a piece gets one of its own. */
  *pieces(allocate: () => Buffer): Generator<Buffer> {
    let piece = allocate();
    let at = this.#head.copy(piece);
    for (let i = 0; i < this.#items.length; i++) {
      const size = this.#items[i]!.itemLength + 1;
      if (at + size > piece.length) {
        yield piece.subarray(0, at);
        piece = size > pieceBytes ? Buffer.allocUnsafeSlow(size) : allocate();
        at = 0;
      }
      at = this.#copyItem(i, piece, at);
    }
    yield piece.subarray(0, at);
    yield this.#tail;
  }

  #copyItem(i: number, target: Buffer, offset: number): number {
    let at = offset;
    if (i > 0) {
      target[at++] = 0x2c;
    }
    return this.#items[i]!.copyItemInto(target, at);
  }
}
