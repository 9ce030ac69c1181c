import { approvalOf, isProtectedGroup } from "../../api/apiextensions/v1/custom-resource-definition/approval.ts";
import {
  type Condition,
  findCondition,
  isConditionTrue,
  setCondition,
} from "../../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { formatFieldErrors, invalid } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import type { Props } from "../../apimachinery/structural/props.ts";
import { structuralErrors, unsupported } from "../../apimachinery/structural/structure.ts";
import { validateCaBundle } from "../../apimachinery/validation/webhook-client-config.ts";
import { nameDefinition } from "./naming.ts";

/**
 * What a definition's status should be, given the others; undefined where it is that already. Pure: names and whether they
 * were accepted, established, non-structural, approved, as upstream's controllers decide them
 * (apiextensions-apiserver/pkg/controller/{status,establish,nonstructuralschema,apiapproval}).
 */
export function planStatus(
  crd: CustomResourceDefinition,
  all: Iterable<CustomResourceDefinition>,
  now: string,
): Draft<CustomResourceDefinition> | undefined {
  const draft = thaw(crd) as Draft<CustomResourceDefinition>;
  let changed = false;
  const set = (condition: Condition): void => {
    if (isSame(draft as CustomResourceDefinition, condition)) return;
    setCondition(draft, condition, now);
    changed = true;
  };
  const naming = nameDefinition(crd, all);
  if (naming !== undefined) {
    const before = JSON.stringify(draft.status?.acceptedNames);
    draft.status ??= { acceptedNames: { kind: "", plural: "" } };
    draft.status.acceptedNames = thaw(naming.acceptedNames) as Draft<typeof naming.acceptedNames>;
    changed = before !== JSON.stringify(draft.status.acceptedNames);
    set(naming.condition);
  }
  set(established(draft as CustomResourceDefinition));
  const structure = nonStructural(crd);
  if (structure !== undefined) set(structure);
  else if (findCondition(crd, "NonStructuralSchema") !== undefined) {
    draft.status.conditions = draft.status.conditions!.filter(({ type }) => type !== "NonStructuralSchema");
    changed = true;
  }
  if (isProtectedGroup(crd.spec.group)) set(approval(crd));
  return changed ? draft : undefined;
}

function isSame(crd: CustomResourceDefinition, { type, status, reason, message }: Condition): boolean {
  const old = findCondition(crd, type);
  return old !== undefined && old.status === status && old.reason === reason && old.message === message;
}

/** Once established, always: instances may be there. */
function established(crd: CustomResourceDefinition): Condition {
  const old = findCondition(crd, "Established");
  if (old?.status === "True") {
    return { type: "Established", status: "True", reason: old.reason ?? "", message: old.message ?? "" };
  }
  if (!isConditionTrue(crd, "NamesAccepted")) {
    return { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" };
  }
  const caBundle = crd.spec.conversion?.webhook?.clientConfig?.caBundle;
  if (caBundle && validateCaBundle(caBundle, path("caBundle")).length > 0) {
    const message = "The conversion webhook CABundle is invalid";
    return { type: "Established", status: "False", reason: "InvalidCABundle", message };
  }
  const message = "the initial names have been accepted";
  return { type: "Established", status: "True", reason: "InitialNamesAccepted", message };
}

function nonStructural({ spec }: CustomResourceDefinition): Condition | undefined {
  const errors: FieldError[] = [];
  if (spec.preserveUnknownFields === true) {
    errors.push(invalid(path("spec", "preserveUnknownFields"), true, "must be false"));
  }
  for (const [i, { name, schema }] of spec.versions.entries()) {
    const props = schema?.openAPIV3Schema as Props | undefined;
    if (props === undefined) continue;
    const problem = unsupported(props);
    if (problem !== undefined) {
      const message = `failed to check validation schema for version ${name}: ${problem}`;
      return { type: "NonStructuralSchema", status: "Unknown", reason: "StructuralError", message };
    }
    errors.push(...structuralErrors(props, path("spec", "versions").index(i).child("schema", "openAPIV3Schema")));
  }
  if (errors.length === 0) return undefined;
  return { type: "NonStructuralSchema", status: "True", reason: "Violations", message: formatFieldErrors(errors) };
}

const approvals = {
  invalid: ["False", "InvalidAnnotation"],
  missing: ["False", "MissingAnnotation"],
  approved: ["True", "ApprovedAnnotation"],
  bypassed: ["False", "UnapprovedAnnotation"],
} as const;

function approval(crd: CustomResourceDefinition): Condition {
  const { state, reason: message } = approvalOf(crd);
  const [status, reason] = approvals[state];
  return { type: "KubernetesAPIApprovalPolicyConformant", status, reason, message };
}
