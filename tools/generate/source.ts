import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One property, list item or map value as the OpenAPI v2 definitions of Kubernetes describe it. */
export interface SourceProperty {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly items?: SourceProperty;
  readonly additionalProperties?: SourceProperty;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "granular" | "atomic";
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-patch-strategy"?: string;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface SourceDefinition {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SourceProperty>>;
  readonly required?: readonly string[];
  readonly "x-kubernetes-map-type"?: "granular" | "atomic";
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
  readonly "x-kubernetes-unions"?: readonly object[];
}

export type SourceDefinitions = Readonly<Record<string, SourceDefinition>>;

export interface SourceOperation {
  readonly action?: string;
  readonly gvk?: GroupVersionKind;
  readonly query?: readonly string[];
}

export type SourcePaths = Readonly<Record<string, Readonly<Record<string, SourceOperation>>>>;

/** Go's spelling of what OpenAPI does not tell: named types, and the embedded struct a field comes from. */
export interface GoNames {
  readonly types?: Readonly<Record<string, string>>;
  readonly embedded?: Readonly<Record<string, string>>;
}

export interface DiscoverySubresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

/** One resource as the discovery documents of the API server list it. */
export interface DiscoveryResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
  readonly subresources?: readonly DiscoverySubresource[];
}

/** Package → message → field → number and type, as the .proto files have them. */
export type SourceProtobuf = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, readonly [number: number, type: string]>>>>>
>;

/** All that the generator reads. */
export interface Source {
  readonly version: string;
  readonly definitions: SourceDefinitions;
  readonly paths: SourcePaths;
  /** Definition → fields whose empty value is kept when encoded. */
  readonly keepEmpty: Readonly<Record<string, readonly string[]>>;
  readonly goNames: Readonly<Record<string, GoNames>>;
  readonly discovery: readonly DiscoveryResource[];
  readonly protobuf: SourceProtobuf;
  /** Definition → field of its message → what its Go struct says, as flags of CompactMessage and a JSON name of its own. */
  readonly goProtobuf: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

/**
 * Reads the data folder; undefined where it is absent. The facts beside this file were taken once from v1.36.2: what is
 * written when empty, how Go names it and where it has pointers from the types of staging/src/k8s.io, the resources from
 * api/discovery.
 */
export function readSource(folder: string): Source | undefined {
  const definitionsFile = join(folder, "kubernetes-1.36-definitions.json");
  const pathsFile = join(folder, "kubernetes-1.36-paths.json");
  const protobufFile = join(folder, "kubernetes-1.36-protobuf.json");
  if (![definitionsFile, pathsFile, protobufFile].every((file) => existsSync(file))) return undefined;
  const own = join(import.meta.dirname, "data");
  const { definitions, version } = readJson<{ definitions: SourceDefinitions; version: string }>(definitionsFile);
  return {
    version,
    definitions,
    paths: readJson<{ paths: SourcePaths }>(pathsFile).paths,
    keepEmpty: readJson(join(own, "empty-values.json")),
    goNames: readJson(join(own, "go-names.json")),
    discovery: readJson(join(own, "discovery.json")),
    protobuf: readJson(protobufFile),
    goProtobuf: readJson(join(own, "protobuf-go.json")),
  };
}

const refPrefix = "#/definitions/io.k8s.";

/** `core.v1.PodSpec`-like short name of a reference: the definition's name without `io.k8s.`. */
export function refName(ref: string): string {
  return ref.slice(refPrefix.length);
}

export function shortName(definition: string): string {
  return definition.slice("io.k8s.".length);
}
