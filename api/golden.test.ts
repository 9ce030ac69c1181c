import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../apimachinery/json/json.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import { DecodeError, decodeObject } from "../apimachinery/schema/decode.ts";
import { applyDefaults } from "../apimachinery/schema/defaults.ts";
import { encodeObject, splitOf } from "../apimachinery/schema/encode.ts";
import { compactDefinitions, definition } from "./generated/definitions.ts";

/** One object of each kind with every field filled; not part of the project. */
const folder = join(import.meta.dirname, "../../shared/data/golden");
const skip = existsSync(folder) ? false : `no golden objects at ${folder}`;

interface Golden {
  readonly file: string;
  readonly definition: string;
  readonly text: string;
}

/** Golden objects of the kinds this API has; the others are of versions that are no longer served. */
function* goldenObjects(): Generator<Golden> {
  const definitions = new Map<string, string>();
  for (const [name, { kinds }] of Object.entries(compactDefinitions())) {
    for (const kind of kinds ?? []) definitions.set(kind, name);
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const text = readFileSync(join(folder, file), "utf8");
    const { apiVersion, kind } = JSON.parse(text) as Partial<ApiObject>;
    if (apiVersion === undefined) continue;
    const name = definitions.get(`${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}/${kind}`);
    if (name !== undefined) yield { file, definition: name, text };
  }
}

test("each golden object decodes without unknown fields and is unchanged", { skip }, () => {
  let count = 0;
  for (const golden of goldenObjects()) {
    const { object, unknownFields } = decodeObject(definition(golden.definition), JSON.parse(golden.text));
    assert.deepEqual(unknownFields, [], golden.file);
    assert.deepEqual(object, JSON.parse(golden.text), golden.file);
    count++;
  }
  assert.equal(count, 100);
});

test("each golden object is encoded as it is, but for its resource version", { skip }, () => {
  for (const golden of goldenObjects()) {
    const object = JSON.parse(golden.text) as ApiObject;
    if (object.metadata === undefined) continue;
    const { bytes, splitAt } = encodeObject(object);
    assert.equal(splitOf(bytes), splitAt, golden.file);
    const { resourceVersion: _, ...metadata } = object.metadata;
    assert.deepEqual(JSON.parse(bytes.toString()), { ...object, metadata }, golden.file);
  }
});

test("defaults leave alone what is there, and applying them twice is applying them once", { skip }, () => {
  for (const golden of goldenObjects()) {
    const schema = definition(golden.definition);
    const { object } = decodeObject(schema, JSON.parse(golden.text));
    applyDefaults(schema, object);
    assertContains(object, JSON.parse(golden.text), golden.file);
    const once = JSON.stringify(object);
    applyDefaults(schema, object);
    assert.equal(JSON.stringify(object), once, golden.file);
    assert.equal(JSON.stringify(decodeObject(schema, JSON.parse(once)).object), once, golden.file);
  }
});

function assertContains(whole: JsonValue, part: JsonValue, place: string): void {
  if (typeof part !== "object" || part === null) assert.equal(whole, part, place);
  else
    for (const key of Object.keys(part))
      assertContains((whole as JsonObject)[key]!, (part as JsonObject)[key]!, `${place}.${key}`);
}

/** Every place in a value as a function that puts another value there. */
function* places(value: JsonValue): Generator<(replacement: JsonValue) => void> {
  if (typeof value !== "object" || value === null) return;
  const container = value as JsonObject;
  for (const key of Object.keys(container)) {
    yield* places(container[key]!);
    yield (replacement) => {
      container[key] = replacement;
    };
  }
}

test("a golden object with anything put anywhere decodes or is refused with a DecodeError", { skip }, () => {
  const all = [...goldenObjects()];
  const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      json,
      (index, share, replacement) => {
        const golden = all[index]!;
        const value = JSON.parse(golden.text) as JsonValue;
        const spots = [...places(value)];
        spots[Math.floor(share * spots.length)]!(replacement);
        const schema = definition(golden.definition);
        try {
          const { object } = decodeObject(schema, value);
          applyDefaults(schema, object);
          const once = JSON.stringify(object);
          assert.equal(JSON.stringify(decodeObject(schema, JSON.parse(once)).object), once);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      },
    ),
    { numRuns: 1000 },
  );
});
