import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatFieldErrors } from "../field/errors.ts";
import { path } from "../field/path.ts";
import type { JsonObject } from "../json/json.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { managerFromUserAgent, validateFieldManager, validateManagedFields } from "./field-manager.ts";
import { fieldSet } from "./field-set.ts";
import { withManagedFields } from "./managers.ts";

describe("managerFromUserAgent", () => {
  it("is what stands before the first slash, printable and not too long", () => {
    assert.equal(managerFromUserAgent("kubectl/v1.36.0 (linux/amd64) kubernetes/abc"), "kubectl");
    assert.equal(managerFromUserAgent("curl"), "curl");
    assert.equal(managerFromUserAgent(""), "");
    assert.equal(managerFromUserAgent("a\u0007b\n/x"), "ab");
    assert.equal(managerFromUserAgent(`${"x".repeat(127)}é/1`), "x".repeat(127));
  });
});

describe("validateFieldManager", () => {
  it("refuses long names and what cannot be printed", () => {
    assert.deepEqual(validateFieldManager("kubectl", "fieldManager"), []);
    assert.equal(
      formatFieldErrors(validateFieldManager("a\u0007", "fieldManager")),
      'fieldManager: Invalid value: "a\\a": invalid character U+0007 (at position 1)',
    );
    assert.equal(
      formatFieldErrors(validateFieldManager("é\n", "fieldManager")),
      'fieldManager: Invalid value: "é\\n": invalid character U+000A (at position 2)',
    );
    assert.equal(
      formatFieldErrors(validateFieldManager("x".repeat(129), "fieldManager")),
      "fieldManager: Too long: may not be more than 128 bytes",
    );
  });
});

describe("validateManagedFields", () => {
  it("refuses unknown operations and types of fields", () => {
    const entries = [{ operation: "Replace", fieldsType: "FieldsV2" }] as unknown as readonly ManagedFieldsEntry[];
    assert.equal(
      formatFieldErrors(validateManagedFields(entries, path("metadata").child("managedFields"))),
      '[metadata.managedFields[0].operation: Invalid value: "Replace": must be `Apply` or `Update`, metadata.managedFields[0].fieldsType: Invalid value: "FieldsV2": must be `FieldsV1`]',
    );
  });
});

const entry = (manager: string, rest: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry => ({
  manager,
  operation: "Update",
  apiVersion: "apps/v1",
  time: "2024-01-01T00:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1: fieldSet(["spec", "replicas"], ["spec", "selector"]),
  ...rest,
});

describe("withManagedFields", () => {
  it("sets, removes, and leaves the object alone where there is nothing to do", () => {
    const bare: JsonObject = { metadata: { name: "a" } };
    const managed = withManagedFields(bare, [entry("a")]);
    assert.deepEqual(managed["metadata"], { name: "a", managedFields: [entry("a")] });
    assert.deepEqual(withManagedFields(managed, undefined), bare);
    assert.equal(withManagedFields(bare, undefined), bare);
  });
});
