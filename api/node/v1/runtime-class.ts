import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { validateLabels } from "../../../apimachinery/validation/label-fields.ts";
import { nameIsDNSLabel } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/node-v1.ts";
import { addMessages } from "../../validation.ts";

// Rules: pkg/apis/node/validation; of tolerations only their uniqueness is checked, of overhead nothing.

export type RuntimeClass = types.RuntimeClass;

const handlerPath = path("handler");
const schedulingPath = path("scheduling");

export const RuntimeClass = defineBuiltIn<RuntimeClass>("node.k8s.io/v1/runtimeclasses", {
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [nameColumn, textColumn("Handler", ({ handler }) => handler), ageColumn],
  validate({ handler = "", scheduling }, old) {
    if (old !== undefined) return validateImmutableField(handler, old.handler ?? "", handlerPath);
    const errors: FieldError[] = [];
    if (handler === "") errors.push(required(handlerPath));
    else addMessages(errors, nameIsDNSLabel(handler, false), handlerPath, handler);
    errors.push(...validateLabels(scheduling?.nodeSelector, schedulingPath.child("nodeSelector")));
    const seen = new Set<string>();
    for (const [i, toleration] of (scheduling?.tolerations ?? []).entries()) {
      const { key = "", operator = "", value = "", effect = "" } = toleration;
      const identity = JSON.stringify([key, operator, value, effect]);
      if (seen.has(identity)) errors.push(duplicate(schedulingPath.child("tolerations").index(i), toleration));
      seen.add(identity);
    }
    return errors;
  },
});
