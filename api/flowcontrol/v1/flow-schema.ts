import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { equalJson } from "../../../apimachinery/json/equal.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/flowcontrol-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { addMessages } from "../../validation.ts";
import { mandatoryFlowSchemas } from "./bootstrap.ts";
import { addRuleErrors } from "./flow-schema-rules.ts";

export type FlowSchema = types.FlowSchema;

const maxPrecedence = 10_000;
const distinguishers = ["ByNamespace", "ByUser"];
const specPath = path("spec");

/** Which requests belong to which priority level, and what makes two of them one flow (ValidateFlowSchema, printFlowSchema). */
export const FlowSchema = defineBuiltIn<FlowSchema>("flowcontrol.apiserver.k8s.io/v1/flowschemas", {
  generation: true,
  keeps: { status: [["metadata"]] },
  columns: [
    nameColumn,
    textColumn("PriorityLevel", ({ spec }) => spec.priorityLevelConfiguration.name),
    {
      name: "MatchingPrecedence",
      type: "string",
      cell: ({ spec }) => spec.matchingPrecedence,
    },
    textColumn("DistinguisherMethod", ({ spec }) => spec.distinguisherMethod?.type ?? "<none>"),
    ageColumn,
    textColumn("MissingPL", ({ status }) => {
      return (status?.conditions ?? []).find(({ type }) => type === "Dangling")?.status ?? "?";
    }),
  ],
  // In the order in which requests are compared with them (printFlowSchemaList).
  tableOrder(a, b) {
    const difference = a.spec.matchingPrecedence - b.spec.matchingPrecedence;
    return difference !== 0 ? difference : a.metadata.name! < b.metadata.name! ? -1 : 1;
  },
  // Zero counts as nothing said (SetDefaults_FlowSchemaSpec).
  setDefaults: changing(({ spec }) => {
    if (spec.matchingPrecedence === 0) spec.matchingPrecedence = 1000;
  }),
  validate(flowSchema, _old, { subresource }) {
    const errors: FieldError[] = [];
    if (subresource !== "status") {
      addSpecErrors(errors, flowSchema);
      const mandatory = mandatoryFlowSchemas.find(({ metadata }) => metadata.name === flowSchema.metadata.name);
      if (mandatory !== undefined && !equalJson(flowSchema.spec, mandatory.spec)) {
        const detail = `spec of '${mandatory.metadata.name}' must equal the fixed value`;
        errors.push(invalid(specPath, internalValue("FlowSchemaSpec", flowSchema.spec), detail));
      }
    }
    addConditionErrors(errors, flowSchema.status?.conditions ?? []);
    return errors;
  },
});

function addSpecErrors(errors: FieldError[], { metadata, spec }: FlowSchema): void {
  const precedence = specPath.child("matchingPrecedence");
  const { matchingPrecedence: value, distinguisherMethod } = spec;
  if (value <= 0) errors.push(invalid(precedence, value, "must be a positive value"));
  if (value > maxPrecedence) errors.push(invalid(precedence, value, `must not be greater than ${maxPrecedence}`));
  if (value === 1 && metadata.name !== "exempt") {
    errors.push(invalid(precedence, value, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  if (distinguisherMethod !== undefined && !distinguishers.includes(distinguisherMethod.type)) {
    const shown = { Type: distinguisherMethod.type ?? "" };
    errors.push(notSupported(specPath.child("distinguisherMethod", "type"), shown, distinguishers));
  }
  const level = spec.priorityLevelConfiguration?.name ?? "";
  const levelPath = specPath.child("priorityLevelConfiguration", "name");
  if (level === "") errors.push(required(levelPath, "must reference a priority level"));
  else addMessages(errors, nameIsDNSSubdomain(level, false), levelPath, level);
  (spec.rules ?? []).forEach((rule, i) => {
    addRuleErrors(errors, rule, specPath.child("rules").index(i));
  });
}

/** The same for both resources of the group: types of conditions are given, and once. */
export function addConditionErrors(errors: FieldError[], conditions: readonly { readonly type?: string }[]): void {
  const seen = new Set<string>();
  conditions.forEach(({ type = "" }, i) => {
    const place = path("status", "conditions").index(i).child("type");
    if (seen.has(type)) errors.push(duplicate(place, type));
    seen.add(type);
    if (type === "") errors.push(required(place));
  });
}
