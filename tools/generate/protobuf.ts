import type { CompactMessage, CompactMessages } from "../../apimachinery/protobuf/compact.ts";
import { type Source, shortName } from "./source.ts";

/** Kinds that have a message but no definition: what content negotiation asks for, and what lies in the store alone. */
const undefinedKinds: Readonly<Record<string, readonly string[]>> = {
  "api.apidiscovery.v2.APIGroupDiscoveryList": ["apidiscovery.k8s.io/v2/APIGroupDiscoveryList"],
  "api.apidiscovery.v2beta1.APIGroupDiscoveryList": ["apidiscovery.k8s.io/v2beta1/APIGroupDiscoveryList"],
  "api.core.v1.List": ["/v1/List"],
  "api.core.v1.RangeAllocation": ["/v1/RangeAllocation"],
  "apimachinery.pkg.apis.meta.v1.PartialObjectMetadata": [
    "meta.k8s.io/v1/PartialObjectMetadata",
    "meta.k8s.io/v1beta1/PartialObjectMetadata",
  ],
  "apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList": ["meta.k8s.io/v1/PartialObjectMetadataList"],
  "apimachinery.pkg.apis.meta.v1beta1.PartialObjectMetadataList": ["meta.k8s.io/v1beta1/PartialObjectMetadataList"],
};

const goScalars: Readonly<Record<string, string>> = { double: "float64", bytes: "[]uint8" };

/** `k8s.io.kube_aggregator.pkg.X` → `kube-aggregator.pkg.X`: the name of the definition, shortened. */
function messageName(protobuf: string): string {
  return protobuf.replace(/^k8s\.io\./, "").replaceAll("_", "-");
}

function goType(type: string, inPackage: string): string {
  const map = /^map<string, (.*)>$/.exec(type)?.[1];
  if (map !== undefined) return `map[string]${goType(map, inPackage)}`;
  if (type.startsWith("repeated ")) return `[]${goType(type.slice("repeated ".length), inPackage)}`;
  if (/^[a-z0-9]+$/.test(type)) return goScalars[type] ?? type;
  return messageName(type.startsWith(".") ? type.slice(1) : `${inPackage}.${type}`);
}

function reference(type: string): string {
  return type.replace(/^(\[\]|map\[string\])+/, "");
}

type SourceMessage = Readonly<Record<string, readonly [number: number, type: string]>>;

function compactMessage(inPackage: string, message: SourceMessage, go: Readonly<Record<string, string>>): string[] {
  return Object.entries(message)
    .sort(([, [a]], [, [b]]) => a - b)
    .map(([field, [number, type]]) => {
      const [, flags, renamed] = /^([*~+=]*)(.*)$/.exec(go[field] ?? "")!;
      return `${number} ${flags}${goType(type, inPackage)} ${renamed || field}`;
    });
}

/** Message → its kinds: of every definition that has some, and of those above. */
function definedKinds(source: Source): ReadonlyMap<string, readonly string[]> {
  const kinds = new Map(Object.entries(undefinedKinds));
  for (const [name, { "x-kubernetes-group-version-kind": gvks }] of Object.entries(source.definitions)) {
    if (!gvks) continue;
    const texts = gvks.map(({ group, version, kind }) => `${group}/${version}/${kind}`);
    kinds.set(shortName(name), texts);
  }
  return kinds;
}

/** The messages of all kinds, and those they hold. `kinds` names the kinds of a message: what is served, if not given. */
export function compactMessages(source: Source, kinds = definedKinds(source)): CompactMessages {
  const all = new Map<string, string[]>();
  for (const [inPackage, messages] of Object.entries(source.protobuf)) {
    for (const [name, message] of Object.entries(messages)) {
      const full = messageName(`${inPackage}.${name}`);
      all.set(full, compactMessage(inPackage, message, source.goProtobuf[`io.k8s.${full}`] ?? {}));
    }
  }
  return reachable(all, kinds);
}

function reachable(
  all: ReadonlyMap<string, readonly string[]>,
  kinds: ReadonlyMap<string, readonly string[]>,
): CompactMessages {
  const result = new Map<string, CompactMessage>();
  const pending = [...kinds.keys()].filter((name) => all.has(name));
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (result.has(name)) continue;
    const fields = all.get(name);
    if (fields === undefined) throw new Error(`a field holds the unknown message ${name}`);
    const ofKinds = kinds.get(name);
    result.set(name, { fields, ...(ofKinds && { kinds: ofKinds }) });
    for (const field of fields) {
      const type = reference(field.split(" ")[1]!.replace(/^[*~+=]+/, ""));
      if (type.includes(".")) pending.push(type);
    }
  }
  return Object.fromEntries([...result].sort(([a], [b]) => (a < b ? -1 : 1)));
}
