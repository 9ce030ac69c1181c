import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BoundedQueue } from "./queue.ts";

test("items come out in order, wait for takers, and a full queue refuses", async () => {
  const queue = new BoundedQueue<number>(2);
  assert.deepEqual([queue.push(1), queue.push(2), queue.push(3)], [true, true, false]);
  assert.deepEqual(await queue.next(), { done: false, value: 1 });
  assert.ok(queue.push(4));
  queue.close();
  assert.equal(queue.push(5), false);
  const rest: number[] = [];
  for await (const item of queue) rest.push(item);
  assert.deepEqual(rest, [2, 4]);
});

test("takers are served in the order they asked; an aborted one loses no item", async () => {
  const queue = new BoundedQueue<number>(10);
  const controller = new AbortController();
  const first = queue.next(controller.signal);
  const second = queue.next();
  controller.abort(new Error("gone"));
  await assert.rejects(first, /gone/);
  queue.push(1);
  assert.deepEqual(await second, { done: false, value: 1 });
});

test("closing with an error hands out what was pushed, then rejects", async () => {
  const queue = new BoundedQueue<number>(10);
  queue.push(1);
  queue.close(new Error("overrun"));
  assert.deepEqual(await queue.next(), { done: false, value: 1 });
  await assert.rejects(queue.next(), /overrun/);
  await assert.rejects(queue.next(), /overrun/);
});

test("leaving a loop closes the queue", async () => {
  const queue = new BoundedQueue<number>(10);
  queue.push(1);
  queue.push(2);
  for await (const _ of queue) break;
  assert.equal(queue.push(3), false);
  assert.deepEqual(await queue.next(), { done: true, value: undefined });
});

test("any mix of pushes and takes behaves as a plain list of limited length", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.boolean(), { maxLength: 200 }),
      async (capacity, pushes) => {
        const queue = new BoundedQueue<number>(capacity);
        const model: number[] = [];
        for (const [i, push] of pushes.entries()) {
          if (push) {
            assert.equal(queue.push(i), model.length < capacity);
            if (model.length < capacity) model.push(i);
          } else if (model.length > 0) assert.deepEqual(await queue.next(), { done: false, value: model.shift() });
          assert.equal(queue.size, model.length);
        }
      },
    ),
    { numRuns: 100 },
  );
});
