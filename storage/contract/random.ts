import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CompactedError, FutureRevisionError, type Storage } from "../storage.ts";
import { isWithin, Model, plainEntry, plainEvent } from "./model.ts";
import { bytes, type Prefixes, type Subject, startWatch, under, type Watching } from "./subject.ts";

/** `back`: how many revisions before the present one; negative: in the future. */
type Operation =
  | { readonly do: "put"; readonly key: string; readonly value: string; readonly expect: Expectation }
  | { readonly do: "delete"; readonly key: string; readonly expect: Expectation }
  | { readonly do: "get"; readonly key: string; readonly back: number | undefined }
  | {
      readonly do: "range";
      readonly start: string;
      readonly end: string;
      readonly limit: number;
      readonly back: number | undefined;
    }
  | {
      readonly do: "watch";
      readonly start: string;
      readonly end: string;
      readonly back: number | undefined;
      readonly previous: boolean;
    }
  | { readonly do: "compact"; readonly back: number };
type Expectation = "any" | "absent" | "current" | "wrong";

const key = fc.constantFrom("a", "b", "b/", "c", "\uffff", "\u{10000}");
const back = fc.option(fc.integer({ min: -2, max: 12 }), { nil: undefined });
const expect = fc.constantFrom<Expectation[]>("any", "any", "absent", "current", "current", "wrong");
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("put" as const), key, value: fc.string({ maxLength: 4 }), expect }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), key, expect }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("get" as const), key, back }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("range" as const), start: key, end: key, limit: fc.nat({ max: 4 }), back }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("watch" as const), start: key, end: key, back, previous: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const), back: fc.integer({ min: -1, max: 8 }) }) },
);

export function registerRandomOperations(subject: () => Subject, prefixes: Prefixes): void {
  test("random operations do what the model does, one at a time", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 60 }), async (operations) => {
        const run = new Run(subject(), prefixes(), await subject().storage.currentRevision());
        for (const one of operations) await run.step(one);
        await run.end();
      }),
      { numRuns: 100 },
    );
  });

  test("random writes at once leave one history, which every watcher sees alike", { timeout: 120_000 }, async () => {
    const writes = fc.array(fc.record({ key, value: fc.string({ maxLength: 3 }), remove: fc.boolean() }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(writes, { minLength: 2, maxLength: 4 }), async (writers) => {
        await concurrently(subject().storage, prefixes(), writers);
      }),
      { numRuns: 30 },
    );
  });
}

interface ExpectedWatch {
  readonly watch: Watching;
  readonly start: string;
  readonly end: string;
  readonly from: number;
  readonly previous: boolean;
}

class Run {
  readonly #subject: Subject;
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #model: Model;
  readonly #watches: ExpectedWatch[] = [];

  constructor(subject: Subject, prefix: string, base: number) {
    this.#subject = subject;
    this.#storage = subject.storage;
    this.#prefix = prefix;
    this.#model = new Model(base);
  }

  async step(operation: Operation): Promise<void> {
    switch (operation.do) {
      case "put":
      case "delete":
        return this.#write(operation);
      case "get":
      case "range":
        return this.#read(operation);
      case "watch":
        return this.#watch(operation);
      case "compact":
        return this.#compact(this.#model.revision - operation.back);
    }
  }

  async end(): Promise<void> {
    for (const expected of this.#watches) {
      const { watch, start, end, from, previous } = expected;
      const wanted = this.#model.watched(start, end, from);
      await watch.reached(wanted.length);
      assert.equal(await watch.stop(), undefined);
      assert.deepEqual(
        watch.events.map((event) => plainEvent(event, previous)),
        wanted.map((event) => plainEvent(event, previous)),
      );
    }
  }

  async #write(operation: Operation & { readonly do: "put" | "delete" }): Promise<void> {
    const key = this.#prefix + operation.key;
    const before = this.#model.at(key);
    const expectedRevision = this.#expected(operation.expect, before?.modRevision ?? 0);
    const options = expectedRevision === undefined ? {} : { expectedRevision };
    let ok: boolean;
    let result: Awaited<ReturnType<Storage["put"]>>;
    if (operation.do === "put") {
      ok = this.#model.put(key, bytes(operation.value), expectedRevision);
      result = await this.#storage.put(key, bytes(operation.value), options);
    } else {
      ok = this.#model.delete(key, expectedRevision);
      result = await this.#storage.delete(key, options);
    }
    assert.equal(result.ok, ok);
    assert.equal(result.revision, this.#model.revision);
    assert.deepEqual(plainEntry(result.ok ? result.previous : result.current), plainEntry(before));
    assert.equal(await this.#storage.currentRevision(), this.#model.revision);
    if (ok) this.#checkSeen(key);
  }

  /** A write to `key` was acknowledged: every watch of it must have been handed all there is. */
  #checkSeen(key: string): void {
    for (const { watch, start, end, from } of this.#watches) {
      if (!isWithin(key, start, end)) continue;
      const seen = this.#model.watched(start, end, from).length;
      assert.equal(watch.events.length, seen, "acknowledged before it was seen");
    }
  }

  #expected(expect: Expectation, current: number): number | undefined {
    if (expect === "any") return undefined;
    if (expect === "absent") return 0;
    return expect === "current" ? current : this.#model.revision + 1;
  }

  async #read(operation: Operation & { readonly do: "get" | "range" }): Promise<void> {
    const revision = operation.back === undefined ? undefined : this.#model.revision - operation.back;
    const options = revision === undefined ? {} : { revision };
    const reading =
      operation.do === "get"
        ? this.#storage.get(this.#prefix + operation.key, options)
        : this.#storage.range(this.#prefix + operation.start, this.#prefix + operation.end, {
            ...options,
            ...(operation.limit > 0 && { limit: operation.limit }),
          });
    if (revision !== undefined && revision > this.#model.revision) return assert.rejects(reading, FutureRevisionError);
    if (revision !== undefined && revision < this.#model.compacted) {
      // Below where this run began, what is compacted depends on the runs before.
      if (revision >= this.#model.base) return assert.rejects(reading, CompactedError);
      return void (await reading.catch((error: unknown) => assert.ok(error instanceof CompactedError)));
    }
    const result = await reading;
    assert.equal(result.revision, revision ?? this.#model.revision);
    if ("entry" in result) {
      const { key } = operation as { readonly key: string };
      assert.deepEqual(plainEntry(result.entry), plainEntry(this.#model.at(this.#prefix + key, revision)));
      return;
    }
    const { start, end, limit } = operation as Operation & { readonly do: "range" };
    const all = this.#model.range(this.#prefix + start, this.#prefix + end, revision);
    const wanted = limit > 0 ? all.slice(0, limit) : all;
    assert.deepEqual(result.entries.map(plainEntry), wanted.map(plainEntry));
    assert.deepEqual([result.count, result.more], [all.length, all.length > wanted.length]);
  }

  async #watch({ start, end, back, previous }: Operation & { readonly do: "watch" }): Promise<void> {
    const model = this.#model;
    const range = { start: this.#prefix + start, end: this.#prefix + end };
    const from = back === undefined ? undefined : Math.max(1, model.revision - back);
    const options = from === undefined ? { previous } : { previous, fromRevision: from };
    const watch = startWatch(this.#storage, range, options);
    const isEmpty = !(model.range(range.start, range.end).length > 0) && range.start >= range.end;
    const floor = this.#subject.servesCompactedRevision ? model.compacted : model.compacted + 1;
    if (from === undefined || from >= floor) {
      this.#watches.push({ watch, ...range, from: from ?? model.revision + 1, previous });
    } else if (from >= model.base && from < model.compacted && !isEmpty) {
      assert.ok((await watch.ended) instanceof CompactedError);
    } else await watch.stop();
  }

  async #compact(revision: number): Promise<void> {
    const model = this.#model;
    if (revision > model.revision) return assert.rejects(this.#storage.compact(revision), FutureRevisionError);
    // A watch that still reads history may be overtaken by compaction, and would rightly say so.
    for (const { watch, start, end, from } of this.#watches)
      await watch.reached(model.watched(start, end, from).length);
    await this.#storage.compact(Math.max(1, revision));
    model.compacted = Math.max(model.compacted, revision);
  }
}

async function concurrently(
  storage: Storage,
  prefix: string,
  writers: readonly (readonly { readonly key: string; readonly value: string; readonly remove: boolean }[])[],
): Promise<void> {
  const base = await storage.currentRevision();
  const live = startWatch(storage, under(prefix), { previous: true });
  const acknowledged: number[] = [];
  const write = async (key: string, value: string, remove: boolean): Promise<void> => {
    const result = remove ? await storage.delete(key) : await storage.put(key, bytes(value));
    if (result.ok) acknowledged.push(result.revision);
  };
  await Promise.all(
    writers.map(async (writes) => {
      for (const { key, value, remove } of writes) await write(prefix + key, value, remove);
    }),
  );
  const model = new Model(base);
  for (const event of live.events) {
    if (event.type === "put") model.put(event.entry.key, event.entry.value, undefined);
    else assert.ok(model.delete(event.key, undefined), "a delete of nothing");
  }
  // Replaying what the watch saw, from nothing, must give those very events with those very revisions.
  assert.deepEqual(
    live.events.map((event) => plainEvent(event, true)),
    model.events.map((event) => plainEvent(event, true)),
  );
  assert.deepEqual(
    acknowledged.sort((a, b) => a - b),
    Array.from({ length: model.events.length }, (_, i) => base + i + 1),
  );
  const { start, end } = { start: prefix, end: `${prefix}\u{10ffff}` };
  assert.deepEqual((await storage.range(start, end)).entries.map(plainEntry), model.range(start, end).map(plainEntry));
  await live.stop();
}
