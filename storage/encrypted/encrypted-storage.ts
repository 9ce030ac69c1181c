import type {
  DeleteOptions,
  Entry,
  GetResult,
  PutOptions,
  RangeOptions,
  RangeResult,
  ReadOptions,
  Storage,
  StorageEvent,
  WatchOptions,
  WriteResult,
} from "../storage.ts";
import { type Decoded, UnreadableValueError, type ValueTransformer } from "./value-transformer.ts";

/** Now where it can be, else later. */
type Eventually<T> = T | Promise<T>;

/**
 * A store whose values of some keys are kept in another form, encrypted say; `transformerOf` says in which. Keys, revisions and
 * every guarantee of the store below stay as they are, but one: events that somebody else has written may wait until whoever
 * keeps the keys has been asked. A value that cannot be read is handed on as it lies in the store, with `unreadable` saying why, an
 * `UnreadableValueError` of its key whose cause says no more than the reason; whoever reads it again may have more luck.
 */
export class EncryptedStorage implements Storage {
  readonly #inner: Storage;
  readonly #transformerOf: (key: string) => ValueTransformer | undefined;
  /** What this process has written, by what it has made of it: not decrypted again, and the same bytes come back. */
  readonly #written = new WeakMap<Uint8Array, Uint8Array>();
  readonly #stale = new Set<string>();
  /** Once the transformers have changed: keys whose values the present ones have made. What is not among them is stale. */
  #fresh: Set<string> | undefined;

  constructor(inner: Storage, transformerOf: (key: string) => ValueTransformer | undefined) {
    this.#inner = inner;
    this.#transformerOf = transformerOf;
  }

  currentRevision(): number | Promise<number> {
    return this.#inner.currentRevision();
  }

  isStale(key: string): boolean {
    if (this.#fresh === undefined) return this.#stale.has(key);
    return !this.#fresh.has(key) && this.#transformerOf(key) !== undefined;
  }

  /** From now on `transformerOf` gives others: what was stored before is stale until it has been written, or read anew. */
  transformersChanged(): void {
    this.#fresh = new Set();
  }

  async get(key: string, options?: ReadOptions): Promise<GetResult> {
    const { entry, revision } = await this.#inner.get(key, options);
    return { entry: await this.#maybe(entry, options?.revision === undefined), revision };
  }

  async range(start: string, end: string, options?: RangeOptions): Promise<RangeResult> {
    const result = await this.#inner.range(start, end, options);
    const entries: Entry[] = [];
    for (const entry of result.entries) entries.push(await this.#entry(entry, options?.revision === undefined));
    return { ...result, entries };
  }

  async put(key: string, value: Uint8Array, options?: PutOptions): Promise<WriteResult> {
    const transformer = this.#transformerOf(key);
    if (transformer === undefined) return this.#inner.put(key, value, options);
    const stored = transformer.toStore(value, key);
    this.#written.set(stored, value);
    return this.#outcome(await this.#inner.put(key, stored, options));
  }

  async delete(key: string, options?: DeleteOptions): Promise<WriteResult> {
    return this.#outcome(await this.#inner.delete(key, options));
  }

  watch(start: string, end: string, options: WatchOptions): void {
    new OrderedWatch(options, (event) => this.#event(event)).start((wrapped) => this.#inner.watch(start, end, wrapped));
  }

  compact(revision: number): Promise<void> {
    return this.#inner.compact(revision);
  }

  backup(path: string): Promise<void> {
    return this.#inner.backup(path);
  }

  sizeBytes(): Promise<number> {
    return this.#inner.sizeBytes();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #outcome(result: WriteResult): Promise<WriteResult> {
    if (result.ok) return { ...result, previous: await this.#maybe(result.previous, false) };
    return { ...result, current: await this.#maybe(result.current, true) };
  }

  #event(event: StorageEvent): Eventually<StorageEvent> {
    if (event.type === "delete") {
      this.#stale.delete(event.key);
      this.#fresh?.delete(event.key);
      return then(this.#maybe(event.previous, false), (previous) => ({ ...event, previous }));
    }
    return then(this.#entry(event.entry, true), (entry) =>
      then(this.#maybe(event.previous, false), (previous) => ({ ...event, entry, previous })),
    );
  }

  #note(key: string, stale: boolean): void {
    if (stale) {
      this.#stale.add(key);
      this.#fresh?.delete(key);
    } else {
      this.#stale.delete(key);
      this.#fresh?.add(key);
    }
  }

  #maybe(entry: Entry | undefined, current: boolean): Eventually<Entry | undefined> {
    return entry === undefined ? undefined : this.#entry(entry, current);
  }

  #entry(entry: Entry, current: boolean): Eventually<Entry> {
    const transformer = this.#transformerOf(entry.key);
    if (transformer === undefined) return entry;
    const written = this.#written.get(entry.value);
    const decoded = written === undefined ? decode(transformer, entry) : { value: written, stale: false };
    return then(decoded, (outcome) => {
      if (outcome instanceof UnreadableValueError) return { ...entry, unreadable: outcome };
      if (current) this.#note(entry.key, outcome.stale);
      return { ...entry, value: outcome.value };
    });
  }
}

function decode(transformer: ValueTransformer, { key, value }: Entry): Eventually<Decoded | UnreadableValueError> {
  const unreadable = (error: unknown): UnreadableValueError => {
    const { message } = error as Error;
    return new UnreadableValueError(`unable to transform key ${JSON.stringify(key)}: ${message}`, { cause: error });
  };
  try {
    const decoded = transformer.fromStore(value, key);
    return decoded instanceof Promise ? decoded.catch(unreadable) : decoded;
  } catch (error) {
    return unreadable(error);
  }
}

function then<T, R>(value: Eventually<T>, next: (value: T) => Eventually<R>): Eventually<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Hands on what a watch brings, in its order, though some of it has to wait; at once where nothing has. */
class OrderedWatch {
  readonly #options: WatchOptions;
  readonly #decode: (event: StorageEvent) => Eventually<StorageEvent>;
  readonly #stop = new AbortController();
  #waiting: Promise<void> | undefined;
  #over = false;

  constructor(options: WatchOptions, decode: (event: StorageEvent) => Eventually<StorageEvent>) {
    this.#options = options;
    this.#decode = decode;
  }

  start(watch: (options: WatchOptions) => void): void {
    const { onProgress } = this.#options;
    watch({
      ...this.#options,
      signal: AbortSignal.any([this.#options.signal, this.#stop.signal]),
      onEvents: (events, revision) =>
        this.#inOrder(() => then(this.#decodeAll(events), (decoded) => this.#options.onEvents(decoded, revision))),
      ...(onProgress && { onProgress: (revision: number) => this.#inOrder(() => onProgress(revision)) }),
      onEnd: (error) => this.#inOrder(() => this.#end(error)),
    });
  }

  #decodeAll(events: readonly StorageEvent[]): Eventually<readonly StorageEvent[]> {
    const decoded = events.map(this.#decode);
    return decoded.some((event) => event instanceof Promise) ? Promise.all(decoded) : (decoded as StorageEvent[]);
  }

  #inOrder(step: () => Eventually<void>): void {
    const guarded = (): Eventually<void> => {
      if (this.#over) return;
      try {
        const done = step();
        return done instanceof Promise ? done.catch((error: Error) => this.#fail(error)) : done;
      } catch (error) {
        this.#fail(error as Error);
      }
    };
    const done = this.#waiting === undefined ? guarded() : this.#waiting.then(guarded);
    if (!(done instanceof Promise)) return;
    const waiting = done.then(() => {
      if (this.#waiting === waiting) this.#waiting = undefined;
    });
    this.#waiting = waiting;
  }

  #fail(error: Error): void {
    this.#end(error);
    this.#stop.abort();
  }

  #end(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onEnd(error);
  }
}
