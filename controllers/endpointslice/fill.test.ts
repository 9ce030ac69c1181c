import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import type { Endpoint } from "../../api/generated/types/discovery-v1.ts";
import { endpointKey } from "./endpoint.ts";
import { fill } from "./fill.ts";

const endpoint = (i: number, ready = true): Endpoint => ({
  addresses: [`10.0.0.${i}`],
  conditions: { ready, serving: ready, terminating: false },
  targetRef: { kind: "Pod", namespace: "n", name: `p${i}` },
});

const slice = (name: string, endpoints: readonly Endpoint[]): EndpointSlice =>
  ({ metadata: { name }, addressType: "IPv4", ports: [], endpoints }) as unknown as EndpointSlice;

test("what says the same already is not written", () => {
  const there = slice("a", [endpoint(1), endpoint(2)]);
  assert.deepEqual(fill([there], [endpoint(2), endpoint(1)], 100), { create: [], update: new Map(), remove: [] });
});

test("a new endpoint goes where something changes anyway, else where it fills best, else into a new slice", () => {
  const [full, half, small] = [
    slice(
      "full",
      [1, 2, 3, 4].map((i) => endpoint(i)),
    ),
    slice(
      "half",
      [5, 6].map((i) => endpoint(i)),
    ),
    slice("small", [endpoint(7)]),
  ];
  const of = (names: readonly number[], ready = true) => names.map((i) => endpoint(i, ready));
  const changed = fill([full, half, small], [...of([1, 2, 3, 4, 5, 6, 8]), ...of([7], false)], 4);
  assert.deepEqual([...changed.update.keys()], [small]);
  const fits = fill([full, half, small], of([1, 2, 3, 4, 5, 6, 7, 8]), 4);
  assert.deepEqual([...fits.update.keys()], [half]);
  const none = fill([full], of([1, 2, 3, 4, 5]), 4);
  assert.deepEqual([none.create.length, none.update.size], [1, 0]);
});

test("laws: every desired endpoint is in one slice as desired, no other is, no slice is too full, none is written for nothing", () => {
  const ids = fc.uniqueArray(fc.nat(30), { maxLength: 20 });
  fc.assert(
    fc.property(ids, ids, fc.nat(4), fc.func(fc.boolean()), (before, after, cuts, ready) => {
      const max = 5;
      const slices: EndpointSlice[] = [];
      for (let i = 0; i < before.length; i += 1 + (cuts % max)) {
        slices.push(
          slice(
            `s${i}`,
            before.slice(i, i + 1 + (cuts % max)).map((id) => endpoint(id)),
          ),
        );
      }
      const desired = after.map((id) => endpoint(id, ready(id)));
      const { create, update, remove } = fill(slices, desired, max);
      const result = [
        ...slices.filter((one) => !remove.includes(one)).map((one) => update.get(one) ?? one.endpoints ?? []),
        ...create,
      ];
      const byKey = (a: Endpoint, b: Endpoint): number => (endpointKey(a) < endpointKey(b) ? -1 : 1);
      assert.deepEqual(result.flat().sort(byKey), [...desired].sort(byKey));
      assert.ok(result.every(({ length }) => length > 0 && length <= max));
      for (const [one, endpoints] of update) assert.notDeepEqual(one.endpoints, endpoints);
      assert.ok([...update.keys()].every((one) => !remove.includes(one)));
    }),
  );
});
