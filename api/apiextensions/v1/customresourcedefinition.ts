import { equalJson } from "../../../apimachinery/json/equal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../apimachinery/json/json.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { decodeValue } from "../../../apimachinery/schema/decode.ts";
import { formatTime } from "../../../apimachinery/time/time.ts";
import { defaultColumns } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/apiextensions-v1.ts";
import { isConditionTrue, setCondition } from "./custom-resource-definition/conditions.ts";
import { validateDefinition } from "./custom-resource-definition/validation.ts";
import { unknownFormatWarnings } from "./custom-resource-definition/warnings.ts";

// Rules: apiextensions-apiserver/pkg/registry/customresourcedefinition, pkg/apis/apiextensions/{v1,validation}.

export type CustomResourceDefinition = types.CustomResourceDefinition;

/** Holds a definition back until its objects are gone. */
export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

/** A kind of object that users add to the API. */
export const CustomResourceDefinition = defineBuiltIn<CustomResourceDefinition>(
  "apiextensions.k8s.io/v1/customresourcedefinitions",
  {
    storagePath: "apiextensions.k8s.io/customresourcedefinitions",
    generation: true,
    unconditionalUpdate: false,
    columns: defaultColumns,
    validateName: () => [],
    deletionHold: {
      // Beside the finalizer, which whoever is impatient may take away, nothing holds it back.
      isHeld: ({ metadata }) => metadata.deletionTimestamp === undefined,
      mark(draft) {
        const { metadata } = draft;
        if (metadata.finalizers?.includes(cleanupFinalizer) !== true) {
          metadata.finalizers = [...(metadata.finalizers ?? []), cleanupFinalizer];
        }
        if (isConditionTrue(draft as CustomResourceDefinition, "Terminating")) return;
        setCondition(
          draft,
          {
            type: "Terminating",
            status: "True",
            reason: "InstanceDeletionPending",
            message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
          },
          metadata.deletionTimestamp ?? formatTime(0),
        );
      },
    },
    setDefaults: changing(setDefaults),
    prepareForCreate: changing((draft) => {
      draft.status = emptyStatus();
      storeVersion(draft);
    }),
    prepareForUpdate: changing((draft, old, { subresource }) => {
      if (subresource === "") storeVersion(draft);
      else if (!equalJson(draft.spec, old.spec)) draft.spec = old.spec as typeof draft.spec;
    }),
    validate: validateDefinition,
    warnings: unknownFormatWarnings,
  },
);

function emptyStatus(): Draft<CustomResourceDefinition["status"]> {
  return { acceptedNames: { kind: "", plural: "" }, conditions: [], storedVersions: [] } as never;
}

function setDefaults(draft: Draft<CustomResourceDefinition>): void {
  const { spec } = draft;
  if (spec === undefined || spec === null) return;
  if (spec.names !== undefined) {
    spec.names.singular ||= (spec.names.kind ?? "").toLowerCase();
    if (!spec.names.listKind && spec.names.kind) spec.names.listKind = `${spec.names.kind}List`;
  }
  spec.conversion ??= { strategy: "None" };
  const { service } = spec.conversion.webhook?.clientConfig ?? {};
  if (service !== undefined) service.port ??= 443;
  for (const version of spec.versions ?? []) {
    const schema = version.schema?.openAPIV3Schema;
    if (schema !== undefined) canonicalize(schema as unknown as JsonObject);
  }
  draft.status ??= emptyStatus();
  if ((draft.status.storedVersions?.length ?? 0) === 0) storeVersion(draft);
}

/** The storage version joins those in which objects may lie in the store. */
function storeVersion(draft: Draft<CustomResourceDefinition>): void {
  const storage = draft.spec.versions?.find((version) => version.storage);
  const stored = draft.status.storedVersions ?? [];
  if (storage !== undefined && !stored.includes(storage.name)) draft.status.storedVersions = [...stored, storage.name];
}

/** Parts whose type the structure of the API leaves open are schemas too: the same fields, and nothing else. */
const openParts = ["items", "additionalProperties", "additionalItems"] as const;

function canonicalize(schema: JsonObject): void {
  for (const name of ["default", "example"]) if (schema[name] === null) delete schema[name];
  for (const name of openParts) {
    const part = schema[name];
    if (isJsonObject(part)) schema[name] = decodeSchema(part);
    else if (Array.isArray(part)) schema[name] = part.map((one) => (isJsonObject(one) ? decodeSchema(one) : one));
    const inner = schema[name];
    for (const one of Array.isArray(inner) ? inner : [inner]) if (isJsonObject(one)) canonicalize(one);
  }
  for (const name of ["properties", "patternProperties", "definitions"]) {
    const parts = schema[name];
    if (isJsonObject(parts)) for (const part of Object.values(parts)) if (isJsonObject(part)) canonicalize(part);
  }
  for (const name of ["allOf", "anyOf", "oneOf"]) {
    const parts = schema[name];
    if (Array.isArray(parts)) for (const part of parts) if (isJsonObject(part)) canonicalize(part);
  }
  if (isJsonObject(schema["not"])) canonicalize(schema["not"]);
}

function decodeSchema(value: JsonObject): JsonValue {
  const name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
  return decodeValue(definition(name), value);
}
