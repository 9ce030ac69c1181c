import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { validateKnownFinalizer } from "../../../apimachinery/validation/finalizers.ts";
import { nameIsDNSLabel } from "../../../apimachinery/validation/names.ts";
import { validateFinalizerName } from "../../../apimachinery/validation/object-meta.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";

// Rules: pkg/registry/core/namespace/strategy.go, pkg/apis/core/validation ValidateNamespace and below.

export type Namespace = types.Namespace;

/** Holds a namespace back until nothing is left in it. */
export const kubernetesFinalizer = "kubernetes";
const nameLabel = "kubernetes.io/metadata.name";
const finalizersPath = path("spec", "finalizers");

/** A scope for names. */
export const Namespace = defineResource<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  scope: "Cluster",
  // A client may not delete all namespaces at once.
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  schema: () => definition("io.k8s.api.core.v1.Namespace"),
  subresources: { status: true },
  validateName: nameIsDNSLabel,
  returnDeletedObject: true,
  deletionHold: {
    isHeld: ({ spec }) => (spec.finalizers?.length ?? 0) > 0,
    mark(namespace) {
      namespace.status.phase = "Terminating";
    },
  },
  columns: [nameColumn, textColumn("Status", ({ status }) => status.phase ?? ""), ageColumn],
  fieldSelectors: { "status.phase": ({ status }) => status.phase ?? "" },
  setDefaults: changing((namespace) => {
    setNameLabel(namespace);
    namespace.status ??= { phase: "Active" };
    namespace.status.phase ||= "Active";
  }),
  prepareForCreate: changing((namespace) => {
    // Here again for a name that was just generated (Canonicalize).
    setNameLabel(namespace);
    namespace.status = { phase: "Active" };
    namespace.spec ??= {};
    const finalizers = namespace.spec.finalizers ?? [];
    if (!finalizers.includes(kubernetesFinalizer)) namespace.spec.finalizers = [...finalizers, kubernetesFinalizer];
  }),
  prepareForUpdate: changing((namespace, old, { subresource }) => {
    setNameLabel(namespace);
    // Only `finalize` writes finalizers, and nothing of the status.
    if (subresource === "finalize") {
      if (old.status !== undefined) namespace.status = { ...old.status } as typeof namespace.status;
      return;
    }
    if (subresource !== "") return;
    const { finalizers } = old.spec ?? {};
    namespace.spec ??= {};
    if (finalizers === undefined) delete namespace.spec.finalizers;
    else namespace.spec.finalizers = [...finalizers];
  }),
  validate,
});

/** Selectors can choose a namespace by its name. */
function setNameLabel({ metadata }: Draft<Namespace>): void {
  if (metadata?.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}

function validate(namespace: Namespace, old: Namespace | undefined, { subresource }: RequestContext): FieldError[] {
  if (old !== undefined && subresource === "status") return validateStatus(namespace);
  const errors: FieldError[] = [];
  namespace.spec?.finalizers?.forEach((name, i) => {
    const at = subresource === "finalize" ? finalizersPath.index(i) : finalizersPath;
    errors.push(...validateFinalizerName(name, at), ...validateKnownFinalizer(name, at));
  });
  return errors;
}

function validateStatus({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? "";
  const at = path("status", "Phase");
  if (metadata.deletionTimestamp === undefined) {
    if (phase === "Active") return [];
    return [invalid(at, phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  if (phase === "Terminating") return [];
  return [invalid(at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
}
