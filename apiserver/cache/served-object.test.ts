import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { encodeObject } from "../../apimachinery/schema/encode.ts";
import {
  type ServedObject,
  servedAs,
  servedAtRevision,
  servedFromStore,
  servedFromValue,
  servedFromWrite,
} from "./served-object.ts";

/** Two bytes, three bytes and a surrogate pair a letter; and what looks like metadata, below the object's own. */
const text = 'Zoë – 日本 🚢 "metadata":{';

interface Sample extends ApiObject {
  readonly spec: { readonly text: string; readonly template: { readonly metadata: { readonly name: string } } };
}

const sample = (): Sample => ({
  apiVersion: "v1",
  kind: "Sample",
  metadata: { name: "zoë", labels: { app: "ü" } },
  spec: { text, template: { metadata: { name: "inner" } } },
});

/** Written in the middle of a larger buffer, which must be left alone on both sides. */
function written(length: number, copy: (target: Buffer, offset: number) => number): string {
  const target = Buffer.alloc(length + 6, "#");
  assert.equal(copy(target, 3), length + 3);
  assert.deepEqual([target.toString("utf8", 0, 3), target.toString("utf8", length + 3)], ["###", "###"]);
  return target.toString("utf8", 3, length + 3);
}
const json = (served: ServedObject): string =>
  written(served.byteLength, (target, offset) => served.copyInto(target, offset));
const item = (served: ServedObject): string =>
  written(served.itemLength, (target, offset) => served.copyItemInto(target, offset));

const metadataAt = (revision: number): string =>
  `"metadata":{"resourceVersion":"${revision}","name":"zoë","labels":{"app":"ü"}}`;
const spec = `"spec":${JSON.stringify(sample().spec)}`;
const wholeAt = (revision: number): string => `{"kind":"Sample","apiVersion":"v1",${metadataAt(revision)},${spec}}`;
const itemAt = (revision: number): string => `{${metadataAt(revision)},${spec}}`;

function assertFrozen(value: unknown): void {
  if (typeof value === "object" && value !== null) {
    assert.ok(Object.isFrozen(value), `not frozen: ${JSON.stringify(value)}`);
    for (const child of Object.values(value)) {
      assertFrozen(child);
    }
  }
}

/** What the four ways to a served object have in common. */
function assertServes(served: ServedObject, revision: number): void {
  assert.equal(served.revision, revision);
  assert.equal(json(served), wholeAt(revision));
  assert.equal(item(served), itemAt(revision));
  assert.deepEqual(served.object, JSON.parse(wholeAt(revision)));
  assert.equal(served.object, served.object);
  assertFrozen(served.object);
}

test("what the store holds is served with its revision first in the metadata, and decoded to the same, frozen", () => {
  assertServes(servedFromStore(encodeObject(sample()).bytes, 42), 42);
});

test("stored bytes that lie in the middle of a larger buffer are served alone", () => {
  const { bytes } = encodeObject(sample());
  const larger = Buffer.concat([Buffer.from("before"), bytes, Buffer.from("behind")]);
  assertServes(servedFromStore(new Uint8Array(larger.buffer, larger.byteOffset + 6, bytes.length), 7), 7);
});

test("an object just written is served as itself, not as a copy, and frozen at every depth", () => {
  const object = sample();
  const served = servedFromWrite(object, encodeObject(object), 1_000_000);
  assertServes(served, 1_000_000);
  assert.equal(served.object, object);
});

test("an object updated from an older revision is served with the new one only", () => {
  const object = { ...sample(), metadata: { ...sample().metadata, resourceVersion: "9" } };
  assertServes(servedFromWrite(object, encodeObject(object), 10), 10);
});

test("the same object at another revision differs in the revision alone, whatever the number of digits", () => {
  const original = servedFromStore(encodeObject(sample()).bytes, 99);
  for (const revision of [100, 5, 12_345]) {
    const moved = servedAtRevision(original, revision);
    assertServes(moved, revision);
    assert.equal((moved.object as Sample).spec, (original.object as Sample).spec);
    assertServes(servedAtRevision(moved, 99), 99);
  }
  assertServes(original, 99);
});

test("a value with a resourceVersion is served in wire order with it, and can be moved to another revision", () => {
  const { spec, metadata } = sample();
  const served = servedFromValue({
    spec,
    metadata: { ...metadata, resourceVersion: "31" },
    apiVersion: "v1",
    kind: "Sample",
  } as ApiObject);
  assertServes(served, 31);
  assertServes(servedAtRevision(served, 320), 320);
});

test("a value without a resourceVersion is served without one, at revision 0", () => {
  const served = servedFromValue(sample());
  const metadata = '"metadata":{"name":"zoë","labels":{"app":"ü"}}';
  assert.equal(served.revision, 0);
  assert.equal(json(served), `{"kind":"Sample","apiVersion":"v1",${metadata},${spec}}`);
  assert.equal(item(served), `{${metadata},${spec}}`);
  assertFrozen(served.object);
});

test("a value without metadata of its own is whole JSON as an item too, whatever lies below it", () => {
  const { metadata: _, ...rest } = sample();
  const served = servedFromValue(rest as unknown as ApiObject);
  assert.equal(json(served), `{"kind":"Sample","apiVersion":"v1",${spec}}`);
  assert.deepEqual(JSON.parse(item(served)), rest);
});

function versionOf(storedAs: ResourceDefinition["storedAs"]): ResourceDefinition {
  return { storedAs } as Partial<ResourceDefinition> as ResourceDefinition;
}

test("a stored object is converted to another version once for each definition, and not at all to its own", () => {
  let conversions = 0;
  const other = (apiVersion: string): ResourceDefinition =>
    versionOf({
      definition: () => versionOf(undefined),
      toStored: (object) => object,
      fromStored: (object) => {
        conversions++;
        return { ...object, apiVersion };
      },
    });
  const [v2, v3] = [other("v2"), other("v3")];
  const stored = servedFromStore(encodeObject(sample()).bytes, 42);

  assert.equal(servedAs(stored, versionOf(undefined)), stored);
  const served = servedAs(stored, v2);
  assert.equal(json(served), wholeAt(42).replace('"v1"', '"v2"'));
  assert.equal(served.revision, 42);
  assertFrozen(served.object);
  assert.equal(servedAs(stored, v2), served);
  assert.equal(conversions, 1);
  assert.equal(servedAs(stored, v3).object.apiVersion, "v3");
  assert.equal(servedAs(stored, v2), served);
  assert.equal(conversions, 2);
  assert.equal(stored.object.apiVersion, "v1");
});
