import type { StorageEvent } from "../storage.ts";

/** What a window may hold before the oldest events leave it. */
export interface WindowBounds {
  readonly events: number;
  readonly bytes: number;
}

/**
 * The latest events, one a revision and without gaps: the event of revision `r` lies at `r - first`.
 */
export class EventWindow {
  readonly #bounds: WindowBounds;
  /** Slots before `#head` are spent; they are cut off in one go once they are half of the array. */
  #events: (StorageEvent | undefined)[] = [];
  #head = 0;
  #first: number;
  #bytes = 0;

  constructor(
    first: number,
    bounds: WindowBounds = { events: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
  ) {
    this.#first = first;
    this.#bounds = bounds;
  }

  /** The least revision whose event is here, if it has happened. */
  get first(): number {
    return this.#first;
  }

  /** One above the revision of the last event. */
  get end(): number {
    return this.#first + this.#events.length - this.#head;
  }

  /** Bytes of keys and values held. */
  get bytes(): number {
    return this.#bytes;
  }

  push(event: StorageEvent): void {
    this.#events.push(event);
    this.#bytes += sizeOf(event);
    while (this.end - this.#first > this.#bounds.events || (this.#bytes > this.#bounds.bytes && this.end > this.#first))
      this.#shift();
    this.#trim();
  }

  at(revision: number): StorageEvent {
    return this.#events[this.#head + revision - this.#first] as StorageEvent;
  }

  /** Drops the events below `revision`, handing each to `dropped`. */
  dropBelow(revision: number, dropped: (event: StorageEvent) => void): void {
    while (this.#first < revision && this.end > this.#first) dropped(this.#shift());
    if (this.#first < revision) this.#first = revision;
    this.#trim();
  }

  #shift(): StorageEvent {
    const event = this.#events[this.#head] as StorageEvent;
    this.#events[this.#head++] = undefined;
    this.#first++;
    this.#bytes -= sizeOf(event);
    return event;
  }

  #trim(): void {
    if (this.#head < 64 || this.#head * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}

export function keyOf(event: StorageEvent): string {
  return event.type === "put" ? event.entry.key : event.key;
}

function sizeOf(event: StorageEvent): number {
  const value = event.type === "put" ? event.entry.value.byteLength : 0;
  return 2 * keyOf(event).length + value + (event.previous?.value.byteLength ?? 0);
}
