import { defineResource, type ResourceDeclaration } from "../apimachinery/resource/define.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition, Verb } from "../apimachinery/resource/resource.ts";
import { definition } from "./generated/definitions.ts";
import { builtInResources } from "./generated/resources.ts";

/** What discovery says of a resource: never written by hand where the generated table has it. */
type Discovered =
  | "group"
  | "version"
  | "kind"
  | "plural"
  | "singular"
  | "scope"
  | "verbs"
  | "shortNames"
  | "categories";
type Behaviour<T extends ApiObject> = Omit<ResourceDeclaration<T>, Discovered | "schema">;

/** Declares a resource that is mainly stored and read, named `networking.k8s.io/v1/ingresses`, by the generated table. */
export function defineBuiltIn<T extends ApiObject>(name: string, behaviour: Behaviour<T>): ResourceDefinition<T> {
  const found = builtInResources.find(({ group, version, plural }) => name === `${group}/${version}/${plural}`);
  if (found === undefined) throw new Error(`no built-in resource ${name}`);
  const hasStatus = (found.subresources ?? []).some((subresource) => subresource.name === "status");
  return defineResource<T>({
    group: found.group,
    version: found.version,
    kind: found.kind,
    plural: found.plural,
    singular: found.singular,
    scope: found.namespaced ? "Namespaced" : "Cluster",
    verbs: found.verbs as readonly Verb[],
    shortNames: found.shortNames ?? [],
    categories: found.categories ?? [],
    schema: () => definition(found.definition),
    subresources: hasStatus ? { status: true } : {},
    ...behaviour,
  });
}
