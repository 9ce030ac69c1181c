import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../json/json.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { maxUpdateManagers } from "./cap-managers.ts";
import { fieldSet } from "./field-set.ts";
import { widgetSchema } from "./test-schema.ts";
import { type UpdateRequest, updateManagedFields } from "./update.ts";

const widget = (spec: JsonObject, labels?: JsonObject): JsonObject => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "w", ...(labels && { labels }) },
  spec,
});

function update(
  request: Partial<UpdateRequest> & Pick<UpdateRequest, "object">,
): readonly ManagedFieldsEntry[] | undefined {
  return updateManagedFields({
    schema: widgetSchema,
    live: undefined,
    managedFields: undefined,
    manager: "a",
    apiVersion: "example.com/v1",
    now: 0,
    ...request,
  });
}

/** The object as it is stored after `manager` created it. */
function created(object: JsonObject, manager = "a"): JsonObject {
  return withManagers(object, update({ object, manager }));
}

function withManagers(object: JsonObject, managedFields: readonly ManagedFieldsEntry[] | undefined): JsonObject {
  const metadata = { ...(object["metadata"] as JsonObject), managedFields };
  return { ...object, metadata: metadata as unknown as JsonObject };
}

describe("updateManagedFields", () => {
  it("gives the creator everything but what the server fills in", () => {
    assert.deepEqual(
      update({ object: widget({ size: 1, parts: [{ name: "x", port: 80 }] }, { app: "w" }), now: 1500 }),
      [
        {
          manager: "a",
          operation: "Update",
          apiVersion: "example.com/v1",
          time: "1970-01-01T00:00:01Z",
          fieldsType: "FieldsV1",
          fieldsV1: {
            "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
            "f:spec": {
              "f:parts": { ".": {}, 'k:{"name":"x","port":80}': { ".": {}, "f:name": {}, "f:port": {} } },
              "f:size": {},
            },
          },
        },
      ],
    );
  });

  it("moves a changed field to who changed it and leaves the rest", () => {
    const live = created(widget({ size: 1, color: "red" }));
    const result = update({ live, object: widget({ size: 2, color: "red" }), manager: "b", now: 9000 });
    assert.deepEqual(
      result?.map(({ manager, time, fieldsV1 }) => ({ manager, time, fieldsV1 })),
      [
        { manager: "a", time: "1970-01-01T00:00:00Z", fieldsV1: { "f:spec": { "f:color": {} } } },
        { manager: "b", time: "1970-01-01T00:00:09Z", fieldsV1: { "f:spec": { "f:size": {} } } },
      ],
    );
  });

  it("returns the very list of before when nothing changes", () => {
    const live = created(widget({ size: 1 }));
    const before = (live["metadata"] as { managedFields?: unknown }).managedFields;
    assert.equal(update({ live, object: widget({ size: 1 }), manager: "b", now: 9000 }), before);
  });

  it("forgets a manager that owns nothing any more", () => {
    const live = created(widget({ size: 1 }));
    assert.deepEqual(
      update({ live, object: widget({ size: 2 }), manager: "b" })?.map(({ manager }) => manager),
      ["b"],
    );
  });

  it("keeps nothing of what the subresource resets", () => {
    const object = { ...widget({ size: 1 }), status: { ready: true } };
    const result = update({ object, resetFields: fieldSet(["status"]) });
    assert.deepEqual(result?.[0]?.fieldsV1, { "f:spec": { "f:size": {} } });
  });

  it("takes managers from the client, unless they are invalid", () => {
    const live = created(widget({ size: 1 }));
    const sent = (fields: object, apiVersion = "example.com/v1"): readonly ManagedFieldsEntry[] => [
      { manager: "c", operation: "Update", apiVersion, fieldsType: "FieldsV1", fieldsV1: fields },
    ];
    const object = widget({ size: 1 });
    const good = update({ live, object, managedFields: sent({ "f:spec": { "f:size": {} } }) });
    assert.deepEqual(
      good?.map(({ manager }) => manager),
      ["c"],
    );
    const bad = update({ live, object, managedFields: sent({ nonsense: {} }) });
    assert.deepEqual(
      bad?.map(({ manager }) => manager),
      ["a"],
    );
    const versionless = update({ live, object, managedFields: sent({}, "") });
    assert.deepEqual(
      versionless?.map(({ manager }) => manager),
      ["a"],
    );
    const throughSubresource = update({ live, object, subresource: "status", managedFields: sent({}) });
    assert.deepEqual(
      throughSubresource?.map(({ manager }) => manager),
      ["a"],
    );
  });

  it("forgets all managers when an empty list or one empty entry is sent", () => {
    const live = created(widget({ size: 1 }));
    assert.equal(update({ live, object: widget({ size: 2 }), managedFields: [] }), undefined);
    assert.equal(update({ live, object: widget({ size: 2 }), managedFields: [{}] }), undefined);
  });

  it("does not begin to track an object that nobody tracked", () => {
    assert.equal(update({ live: widget({ size: 1 }), object: widget({ size: 2 }) }), undefined);
  });

  it("keeps apart the same manager's writes to different subresources", () => {
    const live = created(widget({ size: 1 }));
    const object = { ...widget({ size: 1 }), status: { ready: true } };
    const result = update({ live, object, subresource: "status" });
    assert.deepEqual(
      result?.map(({ manager, subresource }) => [manager, subresource]),
      [
        ["a", undefined],
        ["a", "status"],
      ],
    );
  });

  it("calls a writer without a name unknown", () => {
    assert.equal(update({ object: widget({ size: 1 }), manager: "" })?.[0]?.manager, "unknown");
  });

  it("merges the oldest managers once there are more than the maximum", () => {
    let live = created(widget({ size: 0 }), "m0");
    for (let i = 1; i <= maxUpdateManagers + 1; i++) {
      const labels = { ...((live["metadata"] as JsonObject)["labels"] as JsonObject), [`l${i}`]: "x" };
      const object = widget({ size: 0 }, labels);
      live = withManagers(object, update({ live, object, manager: `m${i}`, now: i * 1000 }));
    }
    const entries = (live["metadata"] as unknown as { managedFields: ManagedFieldsEntry[] }).managedFields;
    assert.equal(entries.length, maxUpdateManagers);
    assert.equal(entries[0]?.manager, "ancient-changes");
    assert.equal(entries[0]?.time, "1970-01-01T00:00:02Z");
    assert.deepEqual(entries[0]?.fieldsV1, {
      "f:metadata": { "f:labels": { ".": {}, "f:l1": {}, "f:l2": {} } },
      "f:spec": { "f:size": {} },
    });
  });

  it("compares in the version of each manager and forgets those of versions that are gone", () => {
    const live = created(widget({ size: 1, color: "red" }));
    const request = { live, object: widget({ size: 2, color: "red" }), manager: "b", apiVersion: "example.com/v2" };
    const same = update({ ...request, convert: (object) => ({ object, schema: widgetSchema }) });
    assert.deepEqual(
      same?.map(({ manager }) => manager),
      ["a", "b"],
    );
    const gone = update({ ...request, convert: () => undefined });
    assert.deepEqual(
      gone?.map(({ manager }) => manager),
      ["b"],
    );
  });

  it("takes whatever managed fields a client may send", () => {
    const element = fc.oneof(
      fc.constantFrom("f:spec", "f:size", ".", "k:{}", 'k:{"name":"x"}', "v:1", "i:0", "x:y"),
      fc.string(),
    );
    const { fields } = fc.letrec((tie) => ({
      fields: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom({}, null, "text", 1),
        fc.dictionary(element, tie("fields")),
      ),
    }));
    const entry = fc.record(
      {
        manager: fc.string(),
        operation: fc.constantFrom("Apply", "Update", "Other", ""),
        apiVersion: fc.constantFrom("example.com/v1", "example.com/v2", "", "nonsense"),
        time: fc.constantFrom("2024-01-01T00:00:00Z", "never"),
        fieldsType: fc.constantFrom("FieldsV1", "FieldsV2"),
        fieldsV1: fields,
        subresource: fc.constantFrom("", "status"),
      },
      { requiredKeys: [] },
    ) as unknown as fc.Arbitrary<ManagedFieldsEntry>;
    const live = created(widget({ size: 1 }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (managedFields) => {
        const result = update({ live, object: widget({ size: 2 }), managedFields, manager: "b", now: 1000 }) ?? [];
        if (managedFields.length > 1) assert.ok(result.some(({ manager }) => manager === "b"));
        const wire = JSON.parse(JSON.stringify(result)) as ManagedFieldsEntry[];
        assert.deepEqual(
          update({ live: withManagers(widget({ size: 2 }), wire), object: widget({ size: 2 }) }) ?? [],
          wire,
        );
      }),
      { numRuns: 1000 },
    );
  });
});
