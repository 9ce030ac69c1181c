import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "../errors/api-error.ts";
import type { JsonObject } from "../json/json.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { type ApplyRequest, applyPatch } from "./apply.ts";
import { lastAppliedAnnotation } from "./last-applied.ts";
import { widgetSchema } from "./test-schema.ts";
import { updateManagedFields } from "./update.ts";

const apiVersion = "example.com/v1";
const type = { apiVersion, kind: "Widget" };
const common = { schema: widgetSchema, ...type, live: undefined, force: false, now: 0, manager: "applier" };

const config = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  ...type,
  metadata: { name: "w", ...metadata },
  spec,
});

/** The object as it would be stored. */
function apply(request: Partial<ApplyRequest> & Pick<ApplyRequest, "applied">): JsonObject {
  const { object, managedFields } = applyPatch({ ...common, ...request });
  return stored(object, managedFields);
}

/** The object as it would be stored after `manager` updated it. */
function update(live: JsonObject | undefined, object: JsonObject, manager = "updater", now = 0): JsonObject {
  const request = { schema: widgetSchema, live, object, managedFields: undefined, manager, apiVersion, now };
  return stored(object, updateManagedFields(request));
}

function stored(object: JsonObject, managedFields: readonly ManagedFieldsEntry[] | undefined): JsonObject {
  const metadata = { ...(object["metadata"] as JsonObject), ...(managedFields && { managedFields }) };
  return { ...object, metadata: metadata as unknown as JsonObject };
}

function specOf(object: JsonObject): unknown {
  return object["spec"];
}

function entries(object: JsonObject): readonly ManagedFieldsEntry[] {
  return (object["metadata"] as { managedFields?: readonly ManagedFieldsEntry[] }).managedFields ?? [];
}

/** Manager and fields of each entry. */
function owners(object: JsonObject): Record<string, unknown> {
  return Object.fromEntries(
    entries(object).map(({ manager, operation, fieldsV1 }) => [`${manager} ${operation}`, fieldsV1]),
  );
}

function failure(call: () => unknown): ApiError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("applyPatch", () => {
  it("creates, and owns what was said", () => {
    const object = apply({
      applied: config({ size: 1, parts: [{ name: "x", args: ["a"] }] }, { labels: { app: "w" } }),
    });
    assert.deepEqual(specOf(object), { size: 1, parts: [{ name: "x", args: ["a"] }] });
    assert.deepEqual(entries(object), [
      {
        manager: "applier",
        operation: "Apply",
        apiVersion,
        time: "1970-01-01T00:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:metadata": { "f:labels": { "f:app": {} } },
          "f:spec": {
            "f:parts": { 'k:{"name":"x","port":80}': { ".": {}, "f:args": {}, "f:name": {} } },
            "f:size": {},
          },
        },
      },
    ]);
  });

  it("changes nothing when the same is applied again, not even the time", () => {
    const applied = config({ size: 1, parts: [{ name: "x" }], data: { a: "1" } });
    const live = apply({ applied });
    const again = apply({ live, applied, now: 5000 });
    assert.deepEqual(again, live);
    assert.equal(entries(again)[0], entries(live)[0]);
  });

  it("removes what it no longer says and nobody else owns", () => {
    let live = apply({
      applied: config({ size: 1, color: "red", data: { a: "1", b: "2" }, parts: [{ name: "x" }, { name: "y" }] }),
    });
    live = apply({ live, applied: config({ size: 1, data: { b: "2" }, parts: [{ name: "y" }] }), now: 3000 });
    assert.deepEqual(specOf(live), { size: 1, data: { b: "2" }, parts: [{ name: "y" }] });
    assert.equal(entries(live)[0]?.time, "1970-01-01T00:00:03Z");
  });

  it("keeps what another applier says too", () => {
    let live = apply({ applied: config({ size: 1, data: { a: "1" } }) });
    live = apply({ live, applied: config({ size: 1, data: { b: "2" } }), manager: "other" });
    live = apply({ live, applied: config({ data: { a: "1" } }) });
    assert.deepEqual(specOf(live), { size: 1, data: { a: "1", b: "2" } });
    assert.deepEqual(owners(live), {
      "applier Apply": { "f:spec": { "f:data": { "f:a": {} } } },
      "other Apply": { "f:spec": { "f:data": { "f:b": {} }, "f:size": {} } },
    });
  });

  it("removes an item with all that nobody owns in it, and keeps it where somebody owns some of it", () => {
    const first = apply({ applied: config({ parts: [{ name: "x", image: "1" }, { name: "y" }] }) });
    const defaulted = config({
      parts: [
        { name: "x", image: "1", port: 80 },
        { name: "y", port: 80 },
      ],
    });
    const live = stored(defaulted, entries(first));
    assert.deepEqual(specOf(apply({ live, applied: config({ parts: [{ name: "y" }] }) })), {
      parts: [{ name: "y", port: 80 }],
    });

    const shared = apply({ live, applied: config({ parts: [{ name: "x", limits: { cpu: "1" } }] }), manager: "other" });
    assert.deepEqual(specOf(apply({ live: shared, applied: config({ parts: [{ name: "y" }] }) })), {
      parts: [
        { name: "x", port: 80, limits: { cpu: "1" } },
        { name: "y", port: 80 },
      ],
    });
  });

  it("refuses to change what another owns, with one cause", () => {
    const live = update(undefined, config({ size: 3 }), "kubectl-client-side-apply");
    const error = failure(() => apply({ live, applied: config({ size: 4 }) }));
    assert.equal(
      error.message,
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using example.com/v1: .spec.size',
    );
    assert.deepEqual(
      [error.status.code, error.status.reason, error.status.details],
      [
        409,
        "Conflict",
        {
          causes: [
            {
              reason: "FieldManagerConflict",
              message: 'conflict with "kubectl-client-side-apply" using example.com/v1',
              field: ".spec.size",
            },
          ],
        },
      ],
    );
  });

  it("lists many conflicts by manager", () => {
    let live = update(undefined, config({ size: 3, data: { a: "1" } }), "zed");
    live = apply({ live, applied: config({ parts: [{ name: "x", image: "1" }] }), manager: "other" });
    const error = failure(() =>
      apply({ live, applied: config({ size: 4, data: { a: "2" }, parts: [{ name: "x", image: "2" }] }) }),
    );
    assert.equal(
      error.message,
      [
        'Apply failed with 3 conflicts: conflicts with "other":',
        '- .spec.parts[name="x",port=80].image',
        'conflicts with "zed" using example.com/v1:',
        "- .spec.size",
        "- .spec.data.a",
      ].join("\n"),
    );
  });

  it("shares a field with its owner where both say the same", () => {
    let live = apply({ applied: config({ size: 1 }) });
    live = apply({ live, applied: config({ size: 1 }), manager: "other", now: 7000 });
    assert.deepEqual(owners(live), {
      "applier Apply": { "f:spec": { "f:size": {} } },
      "other Apply": { "f:spec": { "f:size": {} } },
    });
    assert.match(
      failure(() => apply({ live, applied: config({ size: 2 }) })).message,
      /1 conflict: conflict with "other": \.spec\.size$/,
    );
  });

  it("takes fields over by force", () => {
    const live = update(undefined, config({ size: 3, color: "red" }));
    const forced = apply({ live, applied: config({ size: 4 }), force: true });
    assert.deepEqual(specOf(forced), { size: 4, color: "red" });
    assert.deepEqual(owners(forced), {
      "applier Apply": { "f:spec": { "f:size": {} } },
      "updater Update": { "f:spec": { "f:color": {} } },
    });
  });

  it("ascribes what was there before the first apply to a manager of its own", () => {
    const live = config({ size: 3, color: "red" });
    const forced = apply({ live, applied: config({ size: 4 }), force: true });
    assert.deepEqual(owners(forced), {
      "applier Apply": { "f:spec": { "f:size": {} } },
      "before-first-apply Update": { "f:spec": { "f:color": {} } },
    });
    assert.match(failure(() => apply({ live, applied: config({ size: 4 }) })).message, /"before-first-apply" using/);
  });

  it("owns atomic lists and maps as a whole", () => {
    let live = apply({
      applied: config({ command: ["a"], selector: { matchLabels: { a: "1" } }, raw: { kind: "X" } }),
    });
    assert.deepEqual(owners(live)["applier Apply"], {
      "f:spec": { "f:command": {}, "f:raw": {}, "f:selector": {} },
    });
    live = apply({ live, applied: config({ command: ["b"], selector: { matchLabels: { b: "2" } } }) });
    assert.deepEqual(specOf(live), { command: ["b"], selector: { matchLabels: { b: "2" } } });
  });

  it("merges data without a schema key by key, lists in it as a whole", () => {
    let live = apply({ applied: config({ free: { a: { b: 1 }, list: [1] } }) });
    live = apply({ live, applied: config({ free: { a: { c: 2 }, list: [2] } }), manager: "other", force: true });
    assert.deepEqual(specOf(live), { free: { a: { b: 1, c: 2 }, list: [2] } });
    assert.deepEqual(owners(live), {
      "applier Apply": { "f:spec": { "f:free": { "f:a": { ".": {}, "f:b": {} } } } },
      "other Apply": { "f:spec": { "f:free": { "f:a": { ".": {}, "f:c": {} }, "f:list": {} } } },
    });
  });

  it("orders items as the configuration does, with others between where they stood", () => {
    const names = (list: string[]) => list.map((name) => ({ name, port: 80 }));
    const live = update(undefined, config({ parts: names(["a", "b", "c", "d"]) }));
    const result = apply({ live, applied: config({ parts: names(["e", "c", "a"]) }), force: true });
    assert.deepEqual(
      (specOf(result) as { parts: { name: string }[] }).parts.map(({ name }) => name),
      ["b", "e", "c", "d", "a"],
    );
  });

  it("refuses another kind, managed fields, and what does not fit the schema", () => {
    const message = (applied: JsonObject): readonly unknown[] => {
      const { status } = failure(() => apply({ applied }));
      return [status.code, status.message];
    };
    assert.deepEqual(message({ apiVersion: "v1", kind: "Pod" }), [400, "invalid object type: /v1, Kind=Pod"]);
    assert.deepEqual(message(config({}, { managedFields: [] })), [400, "metadata.managedFields must be nil"]);
    const typed = "failed to create typed patch object (ns/w; example.com/v1, Kind=Widget): ";
    const meta = { namespace: "ns" };
    assert.deepEqual(message(config({ sise: 1 }, meta)), [500, `${typed}.spec.sise: field not declared in schema`]);
    assert.deepEqual(message(config({ size: "1", paused: "x" }, meta)), [
      500,
      `${typed}errors:\n  .spec.paused: expected boolean, got &{x}\n  .spec.size: expected numeric (int or float), got string`,
    ]);
    assert.deepEqual(message(config({ parts: [{ name: "a" }, { name: "a", port: 80 }] }, meta)), [
      500,
      `${typed}.spec.parts: duplicate entries for key [name="a",port=80]`,
    ]);
    assert.deepEqual(message(config({ parts: [{ name: "a", env: [{ value: "x" }] }] }, meta)), [
      500,
      `${typed}.spec.parts[name="a",port=80].env: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
    ]);
    assert.deepEqual(message(config({ tags: ["a", "a"], data: [1], color: 1 }, meta)), [
      500,
      `${typed}errors:\n  .spec.color: expected string, got &value.valueUnstructured{Value:1}\n  .spec.data: expected map, got &{[1]}\n  .spec.tags: duplicate entries for key [="a"]`,
    ]);
  });
});

describe("an apply by kubectl", () => {
  const lastApplied = config({ size: 1, color: "red" });
  const live = (spec: JsonObject): JsonObject =>
    update(
      undefined,
      config(spec, { annotations: { [lastAppliedAnnotation]: JSON.stringify(lastApplied) } }),
      "kubectl-client-side-apply",
    );

  it("takes over what client-side apply wrote, and brings its annotation up to date", () => {
    const result = apply({ live: live({ size: 1, color: "red" }), applied: config({ size: 2 }), manager: "kubectl" });
    assert.deepEqual(specOf(result), { size: 2, color: "red" });
    const { annotations } = result["metadata"] as { annotations: Record<string, string> };
    assert.equal(
      annotations[lastAppliedAnnotation],
      '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":2}}\n',
    );
  });

  it("still conflicts over what changed since", () => {
    const error = failure(() =>
      apply({ live: live({ size: 7, color: "red" }), applied: config({ size: 2, color: "blue" }), manager: "kubectl" }),
    );
    assert.match(error.message, /^Apply failed with 1 conflict: .*: \.spec\.size$/);
  });

  it("is the only one that does so", () => {
    const error = failure(() => apply({ live: live({ size: 1, color: "red" }), applied: config({ size: 2 }) }));
    assert.match(error.message, /1 conflict/);
  });
});

describe("an apply in another version", () => {
  /** Version v2 calls `size` `color`: enough of a conversion. */
  const convert = (object: JsonObject, to: string) => {
    if (to !== "example.com/v1" && to !== "example.com/v2") return undefined;
    if (object["apiVersion"] === to) return { object, schema: widgetSchema };
    const spec = (object["spec"] ?? {}) as JsonObject;
    const swapped: JsonObject = {};
    for (const [key, value] of Object.entries(spec)) {
      swapped[key === "size" ? "color" : key === "color" ? "size" : key] = value;
    }
    return { object: { ...object, apiVersion: to, spec: swapped }, schema: widgetSchema };
  };

  it("still removes what the same applier said in the version before", () => {
    const live = apply({ applied: config({ size: 1, paused: true }), convert });
    const live2 = convert(live, "example.com/v2")!.object;
    const applied = { ...config({ paused: true }), apiVersion: "example.com/v2" };
    const result = apply({ live: live2, applied, apiVersion: "example.com/v2", convert });
    assert.deepEqual(specOf(result), { paused: true });
    assert.deepEqual(
      entries(result).map(({ manager, apiVersion: version }) => [manager, version]),
      [["applier", "example.com/v2"]],
    );
  });

  it("finds conflicts under the names of the owner's version", () => {
    const live = apply({ applied: config({ size: 1 }), convert });
    const live2 = convert(live, "example.com/v2")!.object;
    const applied = { ...config({ color: "2" }), apiVersion: "example.com/v2" };
    const error = failure(() =>
      apply({ live: live2, applied, apiVersion: "example.com/v2", manager: "other", convert }),
    );
    assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "applier": .spec.size');
  });
});
