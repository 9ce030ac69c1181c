import type { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Secret } from "../../api/core/v1/secret.ts";
import type { Container, EnvVar, EnvVarSource, Service } from "../../api/generated/types/core-v1.ts";
import { containerResource, metadataField } from "../volumes/downward-api.ts";
import { ContainerConfigError } from "./config-error.ts";
import { expand } from "./expansion.ts";
import { serviceVariables, type Variables } from "./service-environment.ts";

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly podIPs: readonly string[];
  readonly nodeIPs: readonly string[];
  /** What the node gives to pods, for limits that are not set. */
  readonly allocatable: ResourceList;
  readonly services: Iterable<Service>;
  /** Those that the container names, by name. Absent: there is none. */
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** The value of a key in an environment file of a volume; see `fileKeyRef`. Absent: such keys are errors. */
  readonly fileKey?: (reference: NonNullable<EnvVarSource["fileKeyRef"]>) => string | undefined;
}

/** Names of the objects a container's environment is made from. */
export function environmentReferences({ env = [], envFrom = [] }: Container): {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
} {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const { configMapRef, secretRef } of envFrom) {
    if (configMapRef !== undefined) configMaps.add(configMapRef.name ?? "");
    if (secretRef !== undefined) secrets.add(secretRef.name ?? "");
  }
  for (const { valueFrom } of env) {
    if (valueFrom?.configMapKeyRef !== undefined) configMaps.add(valueFrom.configMapKeyRef.name ?? "");
    if (valueFrom?.secretKeyRef !== undefined) secrets.add(valueFrom.secretKeyRef.name ?? "");
  }
  return { configMaps, secrets };
}

/**
 * A container's environment: what `envFrom` brings, then `env` over it in its order, each value seeing those before it, then
 * the services' that are not taken (pkg/kubelet makeEnvironmentVariables). Throws ContainerConfigError.
 */
export function containerEnvironment(input: EnvironmentInput): Variables {
  const { pod, container, services } = input;
  const variables = new Map<string, string>();
  for (const source of container.envFrom ?? []) addAll(input, variables, source);
  const fromServices = serviceVariables(services, {
    namespace: pod.metadata.namespace ?? "",
    enableServiceLinks: pod.spec.enableServiceLinks ?? true,
  });
  const lookUp = (name: string): string | undefined => variables.get(name) ?? fromServices.get(name);
  for (const variable of container.env ?? []) {
    const value = variableValue(input, variable, lookUp);
    if (value !== undefined) variables.set(variable.name, value);
  }
  for (const [name, value] of fromServices) if (!variables.has(name)) variables.set(name, value);
  return variables;
}

type EnvFrom = NonNullable<Container["envFrom"]>[number];

function addAll(
  { configMaps, secrets }: EnvironmentInput,
  variables: Map<string, string>,
  { prefix = "", configMapRef, secretRef }: EnvFrom,
): void {
  if (configMapRef !== undefined) {
    const configMap = configMaps.get(configMapRef.name ?? "");
    if (configMap === undefined && configMapRef.optional !== true) throw missing("configmap", configMapRef.name);
    for (const [key, value] of Object.entries(configMap?.data ?? {})) variables.set(prefix + key, value);
  }
  if (secretRef !== undefined) {
    const secret = secrets.get(secretRef.name ?? "");
    if (secret === undefined && secretRef.optional !== true) throw missing("secret", secretRef.name);
    for (const [key, value] of Object.entries(secret?.data ?? {})) variables.set(prefix + key, decode(value));
  }
}

/** As the API answers (`configmap "a" not found`): what is cached of an object that is gone is its absence. */
function missing(what: "configmap" | "secret", name = ""): ContainerConfigError {
  return new ContainerConfigError(`${what} "${name}" not found`);
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

/** Undefined: the variable is left out. */
function variableValue(
  input: EnvironmentInput,
  { value = "", valueFrom }: EnvVar,
  lookUp: (name: string) => string | undefined,
): string | undefined {
  if (value !== "") return expand(value, lookUp);
  if (valueFrom?.fieldRef !== undefined) return podField(input, valueFrom.fieldRef.fieldPath);
  if (valueFrom?.resourceFieldRef !== undefined) return resourceField(input, valueFrom.resourceFieldRef);
  if (valueFrom?.configMapKeyRef !== undefined) return configMapKey(input, valueFrom.configMapKeyRef);
  if (valueFrom?.secretKeyRef !== undefined) return secretKey(input, valueFrom.secretKeyRef);
  if (valueFrom?.fileKeyRef !== undefined) return fileKey(input, valueFrom.fileKeyRef);
  return "";
}

function podField({ pod, podIPs, nodeIPs }: EnvironmentInput, fieldPath: string): string {
  const ips = pod.spec.hostNetwork ? nodeIPs : podIPs;
  switch (fieldPath) {
    case "spec.nodeName":
      return pod.spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "status.hostIP":
      return nodeIPs[0] ?? "";
    case "status.hostIPs":
      return nodeIPs.join(",");
    case "status.podIP":
      return ips[0] ?? "";
    case "status.podIPs":
      return ips.join(",");
  }
  return asConfigError(() => metadataField(pod, fieldPath));
}

function resourceField(
  { pod, container, allocatable }: EnvironmentInput,
  reference: NonNullable<EnvVarSource["resourceFieldRef"]>,
): string {
  const name = reference.containerName ?? "";
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const named = name === "" ? container : all.find((other) => other.name === name);
  if (named === undefined) throw new ContainerConfigError(`container ${name} not found`);
  return asConfigError(() => containerResource(named, reference, allocatable));
}

function configMapKey(
  { pod, configMaps }: EnvironmentInput,
  { name = "", key, optional }: NonNullable<EnvVarSource["configMapKeyRef"]>,
): string | undefined {
  const configMap = configMaps.get(name);
  const value = configMap?.data?.[key];
  if (value !== undefined || optional) return value;
  if (configMap === undefined) throw missing("configmap", name);
  throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${pod.metadata.namespace}/${name}`);
}

function secretKey(
  { pod, secrets }: EnvironmentInput,
  { name = "", key, optional }: NonNullable<EnvVarSource["secretKeyRef"]>,
): string | undefined {
  const secret = secrets.get(name);
  const value = secret?.data?.[key];
  if (value !== undefined) return decode(value);
  if (optional) return undefined;
  if (secret === undefined) throw missing("secret", name);
  throw new ContainerConfigError(`couldn't find key ${key} in Secret ${pod.metadata.namespace}/${name}`);
}

function fileKey(
  { fileKey: read }: EnvironmentInput,
  reference: NonNullable<EnvVarSource["fileKeyRef"]>,
): string | undefined {
  const value = read?.(reference);
  if (value !== undefined && value !== "") return value;
  if (reference.optional) return undefined;
  throw new ContainerConfigError(`environment variable key "${reference.key}" not found in file "${reference.path}"`);
}

function asConfigError(read: () => string): string {
  try {
    return read();
  } catch (error) {
    throw new ContainerConfigError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
