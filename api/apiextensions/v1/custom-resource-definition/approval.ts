import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../../apimachinery/field/errors.ts";
import { path } from "../../../../apimachinery/field/path.ts";
import { goQuote } from "../../../../apimachinery/text/go-quote.ts";
import type { CustomResourceDefinition } from "../../../generated/types/apiextensions-v1.ts";

// Rules: apiextensions-apiserver/pkg/apihelpers/helpers.go (KEP-1111).

const annotation = "api-approved.kubernetes.io";
const see = "see https://github.com/kubernetes/enhancements/pull/1111";

/** Groups that belong to the Kubernetes community: what is in them is reviewed. */
export function isProtectedGroup(group: string): boolean {
  return ["k8s.io", "kubernetes.io"].some((name) => group === name || group.endsWith(`.${name}`));
}

export interface Approval {
  readonly state: "missing" | "bypassed" | "approved" | "invalid";
  readonly reason: string;
}

export function approvalOf({ metadata }: Pick<CustomResourceDefinition, "metadata">): Approval {
  const said = metadata.annotations?.[annotation] ?? "";
  if (said === "") {
    return {
      state: "missing",
      reason: `protected groups must have approval annotation ${goQuote(annotation)}, ${see}`,
    };
  }
  if (said.startsWith("unapproved")) return { state: "bypassed", reason: `not approved: ${goQuote(said)}` };
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/\s]+\S*$/.test(said))
    return { state: "approved", reason: `approved in ${said}` };
  const how = 'with either a URL or a reason starting with \\"unapproved\\"'.replaceAll("\\", "");
  return {
    state: "invalid",
    reason: `protected groups must have approval annotation ${goQuote(annotation)} ${how}, ${see}`,
  };
}

/** What is wrong with the annotation of a definition in a protected group, where it was not as wrong before. */
export function approvalErrors(
  object: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): readonly FieldError[] {
  if (!isProtectedGroup(object.spec.group)) return [];
  const { state, reason } = approvalOf(object);
  if ((old !== undefined && approvalOf(old).state === state) || state === "approved" || state === "bypassed") return [];
  const at = path("metadata", "annotations").key(annotation);
  return [state === "missing" ? required(at, reason) : invalid(at, object.metadata.annotations?.[annotation], reason)];
}
