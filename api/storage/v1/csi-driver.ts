import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/storage-v1.ts";

// Rules: pkg/apis/storage/validation ValidateCSIDriver; pkg/registry/storage/csidriver/strategy.go.

export type CSIDriver = types.CSIDriver;

const specPath = path("spec");
const groupPolicies = ["File", "None", "ReadWriteOnceWithFSType"];
const lifecycleModes = ["Persistent", "Ephemeral"];

export const CSIDriver = defineBuiltIn<CSIDriver>("storage.k8s.io/v1/csidrivers", {
  returnDeletedObject: true,
  unconditionalUpdate: false,
  columns: [
    nameColumn,
    { name: "AttachRequired", type: "boolean", cell: ({ spec }) => spec.attachRequired ?? true },
    { name: "PodInfoOnMount", type: "boolean", cell: ({ spec }) => spec.podInfoOnMount ?? false },
    { name: "StorageCapacity", type: "boolean", cell: ({ spec }) => spec.storageCapacity ?? false },
    textColumn(
      "TokenRequests",
      ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience ?? "").join(",") ?? "<unset>",
    ),
    { name: "RequiresRepublish", type: "boolean", cell: ({ spec }) => spec.requiresRepublish ?? false },
    textColumn("Modes", ({ spec }) => spec.volumeLifecycleModes?.join(",") || "<none>"),
    ageColumn,
  ],
  // Feature gate VolumeLimitScaling is off: its field stays only where it was.
  prepareForCreate: changing(({ spec }) => {
    delete spec.preventPodSchedulingIfMissing;
  }),
  prepareForUpdate: changing(({ metadata, spec }, old) => {
    if (old.spec.preventPodSchedulingIfMissing === undefined) delete spec.preventPodSchedulingIfMissing;
    // Unlike other kinds' it does not begin at 1.
    if (!semanticEqual(spec, old.spec)) metadata.generation = (old.metadata.generation ?? 0) + 1;
  }),
  validate(driver, old) {
    const { spec } = driver;
    const errors: FieldError[] = [];
    if (!groupPolicies.includes(spec.fsGroupPolicy)) {
      errors.push(notSupported(specPath.child("fsGroupPolicy"), spec.fsGroupPolicy, groupPolicies));
    }
    addTokenErrors(errors, spec.tokenRequests ?? []);
    for (const mode of spec.volumeLifecycleModes ?? []) {
      if (lifecycleModes.includes(mode)) continue;
      errors.push(notSupported(specPath.child("volumeLifecycleModes"), mode, lifecycleModes));
    }
    const period = spec.nodeAllocatableUpdatePeriodSeconds;
    if (period !== undefined && period < 10) {
      const place = specPath.child("nodeAllocatableUpdatePeriodSeconds");
      errors.push(invalid(place, period, "must be greater than or equal to 10 seconds"));
    }
    if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
      const detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
      errors.push(invalid(specPath.child("serviceAccountTokenInSecrets"), spec.serviceAccountTokenInSecrets, detail));
    }
    if (old === undefined) return errors;
    const modes = specPath.child("volumeLifecycleModes");
    // The field's name is misspelt in upstream's path too.
    const attach = specPath.child("attachedRequired");
    errors.push(...validateImmutableField(spec.attachRequired, old.spec.attachRequired, attach));
    errors.push(...validateImmutableField(spec.volumeLifecycleModes, old.spec.volumeLifecycleModes, modes));
    return errors;
  },
});

function addTokenErrors(errors: FieldError[], requests: readonly types.TokenRequest[]): void {
  const audiences = new Set<string>();
  for (const [i, { audience = "", expirationSeconds: seconds }] of requests.entries()) {
    const place = specPath.child("tokenRequests").index(i);
    if (audiences.has(audience)) {
      errors.push(duplicate(place.child("audience"), audience));
      continue;
    }
    audiences.add(audience);
    if (seconds === undefined) continue;
    const at = place.child("expirationSeconds");
    if (seconds < 600) errors.push(invalid(at, seconds, "may not specify a duration less than 10 minutes"));
    if (seconds > 2 ** 32) errors.push(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"));
  }
}
