import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import type { Column } from "../../../apimachinery/resource/resource.ts";
import { isDNS1035Label, isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { validateLabelSelector } from "../../../apimachinery/validation/label-fields.ts";
import { nameIsDNSSubdomain, pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { textColumn } from "../../columns.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";

// What policies and bindings say of parameters. Rules: pkg/apis/admissionregistration/validation; cells:
// pkg/printers/internalversion/printers.go.

export function validateParamKind({ apiVersion = "", kind = "" }: types.ParamKind, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [...validateApiVersion(apiVersion, place.child("apiVersion"))];
  const at = place.child("kind");
  if (kind === "") return [...errors, required(at)];
  const messages = isDNS1035Label(kind.toLowerCase());
  if (messages.length > 0) {
    errors.push(invalid(at, kind, `may have mixed case, but should otherwise match: ${messages.join(",")}`));
  }
  return errors;
}

function validateApiVersion(text: string, place: Path): readonly FieldError[] {
  if (text === "") return [required(place)];
  const parts = text === "/" ? ["", ""] : text.split("/");
  if (parts.length > 2) return [invalid(place, text, `unexpected GroupVersion string: ${text}`)];
  const [group, version] = parts.length === 2 ? [parts[0]!, parts[1]!] : ["", parts[0]!];
  const errors: FieldError[] = [];
  const bad = group === "" ? [] : isDNS1123Subdomain(group);
  if (bad.length > 0) errors.push(invalid(place, group, bad.join(",")));
  if (version === "") return [...errors, invalid(place, text, "version must be specified")];
  const messages = isDNS1035Label(version);
  if (messages.length > 0) errors.push(invalid(place, version, messages.join(",")));
  return errors;
}

export function validatePolicyName(name: string, place: Path): readonly FieldError[] {
  if (name === "") return [required(place)];
  return nameIsDNSSubdomain(name, false).map((message) => invalid(place, name, message));
}

const notFoundActions = ["Deny", "Allow"];

export function validateParamRef(ref: types.ParamRef | undefined, place: Path): readonly FieldError[] {
  if (ref === undefined) return [];
  const { name = "", selector, parameterNotFoundAction: action = "" } = ref;
  const errors: FieldError[] = [];
  const both = name !== "" && selector !== undefined;
  if (name !== "") {
    for (const message of pathSegmentName(name, false)) errors.push(invalid(place.child("name"), name, message));
    if (both) errors.push(forbidden(place.child("name"), "name and selector are mutually exclusive"));
  }
  errors.push(...validateLabelSelector(selector, place.child("selector")));
  if (both) errors.push(forbidden(place.child("selector"), "name and selector are mutually exclusive"));
  if (name === "" && selector === undefined) {
    errors.push(required(place, "one of name or selector must be specified"));
  }
  const at = place.child("parameterNotFoundAction");
  if (action === "") errors.push(required(at));
  else if (!notFoundActions.includes(action)) errors.push(notSupported(at, action, notFoundActions));
  return errors;
}

export const paramKindColumn: Column<{ readonly spec: { readonly paramKind?: types.ParamKind } }> = textColumn(
  "ParamKind",
  ({ spec: { paramKind } }) =>
    paramKind === undefined ? "<unset>" : `${paramKind.apiVersion ?? ""}/${paramKind.kind ?? ""}`,
);

export const paramRefColumn: Column<{ readonly spec: { readonly paramRef?: types.ParamRef } }> = textColumn(
  "ParamRef",
  ({ spec: { paramRef } }) => {
    if (paramRef?.name) return `${paramRef.namespace || "*"}/${paramRef.name}`;
    return paramRef?.selector === undefined ? "<unset>" : goString(paramRef.selector);
  },
);

/** As the generated String method of metav1.LabelSelector prints it. */
function goString({ matchLabels = {}, matchExpressions = [] }: NonNullable<types.ParamRef["selector"]>): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`);
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join("")}},}`;
}
