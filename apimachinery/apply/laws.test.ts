import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isConflict } from "../errors/api-error.ts";
import { equalJson } from "../json/equal.ts";
import type { JsonObject } from "../json/json.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { type Applied, applyPatch } from "./apply.ts";
import { type FieldSet, hasPath, parseFieldSet, pathsOf } from "./field-set.ts";
import { type PathElement, parseElement } from "./path-element.ts";
import { itemElementOrNone, type Value } from "./structure.ts";
import { widgetSchema } from "./test-schema.ts";
import { updateManagedFields } from "./update.ts";

const apiVersion = "example.com/v1";
const type = { apiVersion, kind: "Widget" };

const word = fc.constantFrom("p", "q", "r");
const digit = fc.constantFrom("1", "2");
const part = fc.record(
  {
    name: word,
    port: fc.constantFrom(80, 81),
    image: digit,
    limits: fc.record({ cpu: digit, memory: digit }, { requiredKeys: ["cpu"] }),
  },
  { requiredKeys: ["name", "port"] },
);
const spec = fc.record(
  {
    size: fc.constantFrom(1, 2),
    color: word,
    data: fc.dictionary(word, digit, { minKeys: 1 }),
    tags: fc.uniqueArray(word, { minLength: 1 }),
    command: fc.array(word, { minLength: 1, maxLength: 2 }),
    parts: fc.uniqueArray(part, { selector: ({ name, port }) => `${name}${port}`, minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
) as unknown as fc.Arbitrary<JsonObject>;

type Step = { readonly kind: "apply" | "force" | "update"; readonly manager: string; readonly spec: JsonObject };
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("apply", "force", "update"),
  manager: fc.constantFrom("ann", "bob", "cat"),
  spec,
});

interface Stored {
  readonly object: JsonObject | undefined;
  readonly managedFields: readonly ManagedFieldsEntry[];
}

function asLive({ object, managedFields }: Stored): JsonObject | undefined {
  if (object === undefined) return undefined;
  const metadata = { ...(object["metadata"] as JsonObject), uid: "u", managedFields };
  return { ...object, metadata: metadata as unknown as JsonObject };
}

function applyTo(before: Stored, { manager, spec: said, kind }: Step, now: number): Applied {
  const applied = { ...type, metadata: { name: "w" }, spec: said };
  return applyPatch({
    schema: widgetSchema,
    ...type,
    live: asLive(before),
    applied,
    manager,
    force: kind === "force",
    now,
  });
}

/** What is stored after a step; undefined for an apply that conflicts. */
function take(before: Stored, next: Step, now: number): Stored | undefined {
  if (next.kind === "update") {
    const object = { ...type, metadata: { name: "w" }, spec: next.spec };
    const request = {
      schema: widgetSchema,
      live: asLive(before),
      object,
      managedFields: undefined,
      manager: next.manager,
    };
    return { object, managedFields: updateManagedFields({ ...request, apiVersion, now }) ?? [] };
  }
  try {
    const { object, managedFields } = applyTo(before, next, now);
    return { object, managedFields: managedFields ?? [] };
  } catch (error) {
    assert.ok(isConflict(error), String(error));
    return undefined;
  }
}

/** What an object has at a path; undefined for nothing. Items of keyed lists are found by their keys. */
function valueAt(object: JsonObject | undefined, path: readonly PathElement[]): Value {
  let value: Value = object;
  for (const element of path) {
    if (element.startsWith("f:")) value = (value as JsonObject | undefined)?.[element.slice(2)];
    else if (element.startsWith("v:"))
      value = ((value ?? []) as Value[]).find((item) => item === parseElement(element));
    else value = ((value ?? []) as Value[]).find((item) => elementOfPart(item) === element);
  }
  return value;
}

const partsSchema = { type: "list", items: { type: "any" }, listType: "map", mapKeys: ["name", "port"] } as const;
const elementOfPart = (item: Value) => itemElementOrNone(partsSchema, item);

function fieldsOf({ managedFields }: Stored, manager: string, operation: string): FieldSet {
  const entry = managedFields.find((found) => found.manager === manager && found.operation === operation);
  return parseFieldSet(entry?.fieldsV1);
}

/** Runs the steps and shows each one that took place, with what was before and after it. */
function each(steps: readonly Step[], check: (before: Stored, after: Stored, step: Step) => void): void {
  let stored: Stored = { object: undefined, managedFields: [] };
  steps.forEach((next, i) => {
    const after = take(stored, next, (i + 1) * 1000);
    if (after === undefined) return;
    check(stored, after, next);
    stored = after;
  });
}

const steps = fc.array(step, { minLength: 1, maxLength: 6 });

describe("whatever managers do", () => {
  it("applying the same again changes nothing", () => {
    fc.assert(
      fc.property(steps, (list) => {
        each(list, (_, after, next) => {
          if (next.kind === "update") return;
          const again = applyTo(after, { ...next, kind: "apply" }, 99_000);
          assert.deepEqual(again.managedFields ?? [], after.managedFields);
          const { metadata: _m, ...rest } = again.object;
          const { metadata: _n, ...expected } = after.object!;
          assert.deepEqual(rest, expected);
        });
      }),
      { numRuns: 400 },
    );
  });

  it("an applier gets what it says", () => {
    fc.assert(
      fc.property(steps, (list) => {
        each(list, (_, after, next) => {
          if (next.kind === "update") return;
          for (const path of pathsOf(fieldsOf(after, next.manager, "Apply"))) {
            const said = valueAt({ spec: next.spec }, path);
            assert.notEqual(said, undefined, path.join(" "));
            if (typeof said !== "object") assert.equal(valueAt(after.object, path), said);
          }
        });
      }),
      { numRuns: 400 },
    );
  });

  it("nobody loses a field that keeps its value", () => {
    fc.assert(
      fc.property(steps, (list) => {
        each(list, (before, after, next) => {
          for (const { manager, operation, fieldsV1 } of before.managedFields) {
            if (manager === next.manager && operation === "Apply" && next.kind !== "update") continue;
            const now = fieldsOf(after, manager!, operation!);
            for (const path of pathsOf(parseFieldSet(fieldsV1))) {
              const [was, is] = [valueAt(before.object, path), valueAt(after.object, path)];
              // What is within a container has owners of its own; the container lasts as long as it is there.
              const kept = typeof was === "object" && !Array.isArray(was) ? is !== undefined : equalJson(was, is);
              if (kept) assert.ok(hasPath(now, path), `${manager} lost ${path.join(" ")}`);
            }
          }
        });
      }),
      { numRuns: 400 },
    );
  });

  it("nobody owns what is not there", () => {
    fc.assert(
      fc.property(steps, (list) => {
        each(list, (_, after) => {
          for (const { manager, fieldsV1 } of after.managedFields) {
            for (const path of pathsOf(parseFieldSet(fieldsV1))) {
              assert.notEqual(valueAt(after.object, path), undefined, `${manager} owns ${path.join(" ")}`);
            }
          }
        });
      }),
      { numRuns: 400 },
    );
  });

  it("an apply that is not forced changes nothing that only others own", () => {
    fc.assert(
      fc.property(steps, (list) => {
        each(list, (before, after, next) => {
          if (next.kind !== "apply") return;
          for (const { manager, operation, fieldsV1 } of before.managedFields) {
            if (manager === next.manager && operation === "Apply") continue;
            const owned = parseFieldSet(fieldsV1);
            for (const path of pathsOf(owned)) {
              // What others put into an item goes with the item when its only owner drops it.
              if (path.some((element, i) => element.startsWith("k:") && !hasPath(owned, path.slice(0, i + 1))))
                continue;
              const was = valueAt(before.object, path);
              const is = valueAt(after.object, path);
              if (typeof was !== "object") assert.equal(is, was, `${manager}: ${path.join(" ")}`);
            }
          }
        });
      }),
      { numRuns: 400 },
    );
  });

  it("entries are in the wire's order and never empty", () => {
    fc.assert(
      fc.property(steps, (list) => {
        each(list, (_, { managedFields }) => {
          const keys = managedFields.map(({ operation, time = "", manager }) => `${operation} ${time} ${manager}`);
          assert.deepEqual(keys, keys.toSorted());
          for (const { fieldsV1 } of managedFields) assert.notDeepEqual(fieldsV1, {});
        });
      }),
      { numRuns: 200 },
    );
  });
});
