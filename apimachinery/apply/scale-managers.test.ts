import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { managersOfScale, managersOfScaled } from "./scale-managers.ts";

// The cases of apimachinery/pkg/util/managedfields/scalehandler_test.go.

const paths = new Map([["apps/v1", ["spec", "replicas"]]]);
const replicas = { "f:spec": { "f:replicas": {} } };
const selector = { "f:spec": { "f:selector": {} } };
const both = { "f:spec": { "f:replicas": {}, "f:selector": {} } };

/** `manager operation[ subresource]` and what it owns. */
function entry(who: string, fieldsV1: object, apiVersion = "apps/v1", time?: string): ManagedFieldsEntry {
  const [manager, operation, subresource] = who.split(" ") as [string, "Apply" | "Update", string?];
  const own = { manager, operation, apiVersion, ...(time === undefined ? {} : { time }), fieldsType: "FieldsV1" };
  return { ...own, fieldsV1, ...(subresource === undefined ? {} : { subresource }) } as unknown as ManagedFieldsEntry;
}

const inScale = (who: string, fieldsV1: object = replicas): ManagedFieldsEntry =>
  entry(who, fieldsV1, "autoscaling/v1");

describe("the managers of a scale", () => {
  const time = "2013-02-03T00:00:00Z";
  const cases: readonly (readonly [string, ManagedFieldsEntry[], ManagedFieldsEntry[] | undefined])[] = [
    [
      "are those of the count, with their times",
      [entry("one Apply", { "f:spec": { "f:another-field": {} } }), entry("two Apply", replicas, "apps/v1", time)],
      [entry("two Apply", replicas, "autoscaling/v1", time)],
    ],
    [
      "keep their subresource",
      [entry("one Apply", replicas), entry("two Apply", both), entry("three Update scale", replicas)],
      [inScale("one Apply"), inScale("two Apply"), inScale("three Update scale")],
    ],
    ["are not those of versions that there are not", [entry("one Apply", replicas, "apps/v10")], undefined],
  ];
  for (const [name, entries, expected] of cases) {
    test(name, () => assert.deepEqual(managersOfScale(entries, paths), expected));
  }

  test("that cannot be read are an error", () => {
    const broken = { ...entry("one Apply", replicas), operation: "" } as unknown as ManagedFieldsEntry;
    assert.throws(() => managersOfScale([broken], paths), /^Error: operation must be `Apply` or `Update`$/);
  });
});

describe("of an object whose scale was written", () => {
  const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
    [
      "an updater takes the count from an applier",
      "test Apply",
      "scale Update scale",
      ["test Apply", "scale Update scale"],
    ],
    ["an applier takes it from an applier", "test Apply", "scale Apply scale", ["scale Apply scale", "test Apply"]],
    ["an updater from an updater", "test Update", "scale Update scale", ["scale Update scale", "test Update"]],
    ["an applier from an updater", "test Update", "scale Apply scale", ["scale Apply scale", "test Update"]],
    ["the same applier has an entry of its own", "test Apply", "test Apply scale", ["test Apply", "test Apply scale"]],
    ["so does the same updater", "test Update", "test Update scale", ["test Update", "test Update scale"]],
    ["so does an updater that applies", "test Update", "test Apply scale", ["test Apply scale", "test Update"]],
    ["so does an applier that updates", "test Apply", "test Update scale", ["test Apply", "test Update scale"]],
  ];
  for (const [name, owner, writer, expected] of cases) {
    test(name, () => {
      const scaled = managersOfScaled({
        entries: [entry(owner, both)],
        scaleEntries: [inScale(writer)],
        apiVersion: "apps/v1",
        paths,
      });
      assert.deepEqual(
        scaled,
        expected.map((who) => entry(who, who === writer ? replicas : selector)),
      );
    });
  }

  const scaled = (entries: ManagedFieldsEntry[], scaleEntries: ManagedFieldsEntry[]): unknown =>
    managersOfScaled({ entries, scaleEntries, apiVersion: "apps/v1", paths });

  test("who owns its status alone owns nothing of the object", () => {
    const status = inScale("scale Update scale", { "f:status": { "f:replicas": {} } });
    assert.deepEqual(scaled([entry("test Apply", selector)], [status]), [entry("test Apply", selector)]);
  });

  test("who is left with nothing goes", () => {
    const after = scaled([entry("test Apply", replicas)], [inScale("scale Update scale")]);
    assert.deepEqual(after, [entry("scale Update scale", replicas)]);
  });

  test("an applier that still owns the count keeps its entry, the very same", () => {
    const before = entry("test Apply", both);
    const after = scaled([before], [inScale("test Apply"), inScale("test Apply scale")]) as ManagedFieldsEntry[];
    assert.deepEqual(after, [before, entry("test Apply scale", replicas)]);
    assert.equal(after[0], before);
  });

  test("an updater that still owns it has two entries from then on, as upstream", () => {
    const before = entry("test Update", both, "apps/v1", "2013-02-03T00:00:00Z");
    assert.deepEqual(scaled([before], [inScale("test Update")]), [
      entry("test Update", replicas),
      { ...before, fieldsV1: selector },
    ]);
  });

  test("versions that there are not are forgotten", () => {
    const strange = entry("another Apply", selector, "apps/v10");
    const after = scaled([entry("test Apply", replicas), strange], [inScale("scale Update")]);
    assert.deepEqual(after, [entry("scale Update", replicas)]);
  });

  test("each version has its own path, or none", () => {
    const several = new Map<string, readonly string[] | undefined>([
      ["mygroup/v1", ["spec", "the-replicas"]],
      ["mygroup/v2", ["spec", "not-the-replicas"]],
      ["mygroup/v3", undefined],
    ]);
    const own = (name: string) => ({ "f:spec": { [`f:${name}`]: {}, "f:selector": {} } });
    const none = entry("three Apply", replicas, "mygroup/v3");
    assert.deepEqual(
      managersOfScaled({
        entries: [
          entry("one Apply", own("the-replicas"), "mygroup/v1"),
          entry("two Apply", own("not-the-replicas"), "mygroup/v2"),
          none,
        ],
        scaleEntries: [inScale("scale Update scale")],
        apiVersion: "mygroup/v1",
        paths: several,
      }),
      [
        entry("one Apply", selector, "mygroup/v1"),
        none,
        entry("two Apply", selector, "mygroup/v2"),
        entry("scale Update scale", { "f:spec": { "f:the-replicas": {} } }, "mygroup/v1"),
      ],
    );
  });
});
