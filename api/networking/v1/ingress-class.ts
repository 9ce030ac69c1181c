import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, notSupported, required, tooLong } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { isDomainPrefixedPath } from "../../../apimachinery/validation/domains.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { validateNamespaceName } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/networking-v1.ts";
import { addMessages } from "../../validation.ts";
import { addReferenceErrors } from "./references.ts";

export type IngressClass = types.IngressClass;

const controllerPath = path("spec", "controller");
const parametersPath = path("spec", "parameters");
const defaultAnnotation = "ingressclass.kubernetes.io/is-default-class";

/** Who implements ingresses that name it (ValidateIngressClass, printIngressClass). */
export const IngressClass = defineBuiltIn<IngressClass>("networking.k8s.io/v1/ingressclasses", {
  generation: true,
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) =>
        `${metadata.name ?? ""}${metadata.annotations?.[defaultAnnotation] === "true" ? " (default)" : ""}`,
    },
    textColumn("Controller", ({ spec }) => spec.controller ?? ""),
    textColumn("Parameters", ({ spec: { parameters } }) => {
      if (parameters === undefined) return "<none>";
      const group = parameters.apiGroup === undefined ? "" : `.${parameters.apiGroup}`;
      return `${parameters.kind}${group}/${parameters.name}`;
    }),
    ageColumn,
  ],
  setDefaults: changing(({ spec }) => {
    if (spec.parameters) spec.parameters.scope ??= "Cluster";
  }),
  validate({ spec }, old) {
    const errors: FieldError[] = [];
    const controller = spec.controller ?? "";
    if (old !== undefined)
      errors.push(...validateImmutableField(controller, old.spec.controller ?? "", controllerPath));
    if (byteLength(controller) > 250) errors.push(tooLong(controllerPath, 250));
    errors.push(...isDomainPrefixedPath(controllerPath, controller));
    if (spec.parameters) addParametersErrors(errors, spec.parameters);
    return errors;
  },
});

function addParametersErrors(errors: FieldError[], parameters: types.IngressClassParametersReference): void {
  addReferenceErrors(errors, parameters, parametersPath);
  const { scope, namespace } = parameters;
  const place = parametersPath.child("namespace");
  if (scope === undefined) errors.push(required(parametersPath.child("scope")));
  else if (scope === "Namespace") {
    if (namespace === undefined) errors.push(required(place, "`parameters.scope` is set to 'Namespace'"));
    else addMessages(errors, validateNamespaceName(namespace, false), place, namespace);
  } else if (scope !== "Cluster") {
    errors.push(notSupported(parametersPath.child("scope"), scope, ["Cluster", "Namespace"]));
  } else if (namespace !== undefined) {
    errors.push(forbidden(place, "`parameters.scope` is set to 'Cluster'"));
  }
}
