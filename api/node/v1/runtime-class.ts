import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { validateLabels } from "../../../apimachinery/validation/label-fields.ts";
import { nameIsDNSLabel } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import type { Check } from "../../core/v1/pod/validation/check.ts";
import { templateOptions } from "../../core/v1/pod/validation/options.ts";
import { validateContainerResources } from "../../core/v1/pod/validation/resources.ts";
import { validateTolerations } from "../../core/v1/pod/validation/scheduling.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/node-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { addMessages } from "../../validation.ts";

// Rules: pkg/apis/node/validation/validation.go.

export type RuntimeClass = types.RuntimeClass;

const handlerPath = path("handler");
const schedulingPath = path("scheduling");
const tolerationsPath = schedulingPath.child("tolerations");

export const RuntimeClass = defineBuiltIn<RuntimeClass>("node.k8s.io/v1/runtimeclasses", {
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [nameColumn, textColumn("Handler", ({ handler }) => handler), ageColumn],
  validate({ handler = "", overhead, scheduling }, old) {
    if (old !== undefined) return validateImmutableField(handler, old.handler ?? "", handlerPath);
    const errors: FieldError[] = [];
    if (handler === "") errors.push(required(handlerPath));
    else addMessages(errors, nameIsDNSLabel(handler, false), handlerPath, handler);
    const check: Check = { errors, options: templateOptions() };
    if (overhead?.podFixed !== undefined) {
      validateContainerResources(check, { limits: overhead.podFixed }, path("overhead"));
    }
    if (scheduling !== undefined) addSchedulingErrors(check, scheduling);
    return errors;
  },
});

function addSchedulingErrors(check: Check, { nodeSelector, tolerations = [] }: types.Scheduling): void {
  check.errors.push(...validateLabels(nodeSelector, schedulingPath.child("nodeSelector")));
  validateTolerations(check, tolerations, tolerationsPath);
  const seen = new Set<string>();
  for (const [i, toleration] of tolerations.entries()) {
    const { key = "", operator = "", value = "", effect = "" } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    if (seen.has(identity)) {
      check.errors.push(duplicate(tolerationsPath.index(i), internalValue("Toleration", toleration)));
    }
    seen.add(identity);
  }
}
