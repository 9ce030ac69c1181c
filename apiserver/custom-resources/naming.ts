import type { Condition } from "../../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import { findCondition } from "../../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { CustomResourceDefinitionNames } from "../../api/generated/types/apiextensions-v1.ts";
import { formatAggregate } from "../../apimachinery/field/errors.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";

// Rules: apiextensions-apiserver/pkg/controller/status/naming_controller.go.

export interface Naming {
  readonly acceptedNames: CustomResourceDefinitionNames;
  readonly condition: Condition;
}

/**
 * Which of the names a definition asks for it has: those that no other of its group has been given. Undefined where it has
 * all of them already.
 */
export function nameDefinition(
  crd: CustomResourceDefinition,
  others: Iterable<CustomResourceDefinition>,
): Naming | undefined {
  const requested = crd.spec.names;
  const accepted: Partial<CustomResourceDefinitionNames> = crd.status?.acceptedNames ?? {};
  if (semanticEqual(requested, accepted) && findCondition(crd, "NamesAccepted")?.status === "True") return undefined;
  const { resources, kinds } = takenNames(crd, others);
  const names: Record<string, unknown> = { ...accepted };
  const conflicts: { reason: string; message: string }[] = [];
  const ask = (name: "plural" | "singular" | "kind" | "listKind", taken: ReadonlySet<string>): void => {
    const wanted = requested[name] ?? "";
    if (wanted === accepted[name] || !taken.has(wanted)) names[name] = wanted;
    else conflicts.push({ reason: `${capitalized(name)}Conflict`, message: inUse(wanted) });
  };
  ask("plural", resources);
  ask("singular", resources);
  const before = accepted.shortNames ?? [];
  const shortTaken = (requested.shortNames ?? []).filter((name) => !before.includes(name) && resources.has(name));
  if (shortTaken.length > 0) {
    conflicts.push({ reason: "ShortNamesConflict", message: formatAggregate(shortTaken.map(inUse)) });
  } else setList(names, "shortNames", requested.shortNames);
  ask("kind", kinds);
  ask("listKind", kinds);
  setList(names, "categories", requested.categories);
  return { acceptedNames: names as unknown as CustomResourceDefinitionNames, condition: conditionOf(conflicts) };
}

/** The last conflict is the one that is told. */
function conditionOf(conflicts: readonly { readonly reason: string; readonly message: string }[]): Condition {
  const last = conflicts.at(-1);
  return last === undefined
    ? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" }
    : { type: "NamesAccepted", status: "False", ...last };
}

function setList(names: Record<string, unknown>, name: string, list: readonly string[] | undefined): void {
  if (list === undefined || list.length === 0) delete names[name];
  else names[name] = [...list];
}

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const inUse = (name: string): string => `${goQuote(name)} is already in use`;

interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenNames(crd: CustomResourceDefinition, all: Iterable<CustomResourceDefinition>): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { spec, status } of all) {
    if (spec.group !== crd.spec.group) continue;
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? {};
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}
