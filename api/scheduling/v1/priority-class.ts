import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/scheduling-v1.ts";

// Rules: pkg/apis/scheduling/validation, pkg/apis/scheduling/v1/helpers.go.

export type PriorityClass = types.PriorityClass;

/** Values above this are the system's. */
const highestUserDefinablePriority = 1_000_000_000;

/** Classes that every cluster has, and their values. */
const systemPriorities: Readonly<Record<string, number>> = {
  "system-node-critical": 2 * highestUserDefinablePriority + 1000,
  "system-cluster-critical": 2 * highestUserDefinablePriority,
};

const policies = ["PreemptLowerPriority", "Never"];

export const PriorityClass = defineBuiltIn<PriorityClass>("scheduling.k8s.io/v1/priorityclasses", {
  columns: [
    nameColumn,
    { name: "Value", type: "integer", cell: ({ value }) => value ?? 0 },
    { name: "Global-Default", type: "boolean", cell: ({ globalDefault }) => globalDefault ?? false },
    ageColumn,
    textColumn("PreemptionPolicy", ({ preemptionPolicy }) => preemptionPolicy ?? ""),
  ],
  // It begins at 1 and never rises: what counts never changes.
  prepareForCreate: changing(({ metadata }) => {
    metadata.generation = 1;
  }),
  validate(priorityClass, old) {
    const { value = 0, preemptionPolicy: policy } = priorityClass;
    const errors: FieldError[] = [];
    if (old !== undefined) {
      if (value !== (old.value ?? 0)) errors.push(forbidden(path("value"), "may not be changed in an update."));
      return [...errors, ...validateImmutableField(policy, old.preemptionPolicy, path("preemptionPolicy"))];
    }
    const wrong = systemNameProblem(priorityClass);
    if (wrong !== undefined) {
      const detail = `priority class names with 'system-' prefix are reserved for system use only. error: ${wrong}`;
      errors.push(forbidden(path("metadata", "name"), detail));
    } else if (!priorityClass.metadata.name?.startsWith("system-") && value > highestUserDefinablePriority) {
      const detail = `maximum allowed value of a user defined priority is ${highestUserDefinablePriority}`;
      errors.push(forbidden(path("value"), detail));
    }
    if (policy === "") errors.push(required(path("preemptionPolicy")));
    else if (policy !== undefined && !policies.includes(policy)) {
      errors.push(notSupported(path("preemptionPolicy"), policy, policies));
    }
    return errors;
  },
});

function systemNameProblem({ metadata: { name = "" }, value = 0, globalDefault }: PriorityClass): string | undefined {
  if (!name.startsWith("system-")) return undefined;
  const wanted = Object.hasOwn(systemPriorities, name) ? systemPriorities[name] : undefined;
  if (wanted === undefined) return `${name} is not a known system priority class`;
  if (value !== wanted) return `value of ${name} PriorityClass must be ${wanted}`;
  return globalDefault === true ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
