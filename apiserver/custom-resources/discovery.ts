import { createHash } from "node:crypto";
import { isConditionTrue } from "../../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import type { BuiltInSubresource } from "../../api/built-in-resource.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ServedResource } from "../discovery/served.ts";
import type { ServedDefinition } from "./custom-resources.ts";
import { compareVersions } from "./version-order.ts";

const changing = ["get", "patch", "update"];
/** A definition that is about to go takes no more writes. */
const closingVerbs = ["delete", "deletecollection", "get", "list", "watch"];

/** Custom resources as discovery lists them: groups by name, versions newest first, then by plural. */
export function customDiscovery(served: readonly ServedDefinition[]): readonly ServedResource[] {
  return served
    .flatMap(({ crd, definitions }) => {
      const storage = crd.spec.versions.find((version) => version.storage)!.name;
      const closing = isConditionTrue(crd, "Terminating");
      return definitions.map((definition) => resourceOf(definition, storage, closing));
    })
    .sort(
      (a, b) =>
        compareText(a.group, b.group) || compareVersions(b.version, a.version) || compareText(a.plural, b.plural),
    );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function resourceOf(definition: ResourceDefinition, storage: string, closing: boolean): ServedResource {
  const { group, version, kind, plural, singular, scope, verbs, shortNames, categories } = definition;
  return {
    group,
    version,
    kind,
    plural,
    singular,
    namespaced: scope === "Namespaced",
    verbs: closing ? closingVerbs : verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    storageVersionHash: storageVersionHash(group, storage, kind),
    definition: "",
    custom: true,
    subresources: [...subresourcesOf(definition)],
  };
}

function* subresourcesOf({ subresources, kind }: ResourceDefinition): Generator<BuiltInSubresource> {
  if (subresources.status === true) yield { name: "status", kind, verbs: changing };
  if (subresources.scale !== undefined) {
    yield { name: "scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: changing };
  }
}

/** Equal where objects are stored alike (apiserver/pkg/endpoints/discovery StorageVersionHash). */
function storageVersionHash(group: string, version: string, kind: string): string {
  return createHash("sha256").update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString("base64");
}
