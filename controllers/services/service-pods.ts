import { isRestartableInitContainer } from "../../api/core/v1/pod/containers.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { Service } from "../../api/core/v1/service.ts";
import type { ServicePort } from "../../api/generated/types/core-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { objectKey } from "../../client/mod.ts";
import { isPodReady, isPodTerminal } from "../pods/pod-state.ts";
import type { Cache, CacheIndex } from "../runner/cache.ts";
import type { Watched } from "../runner/controller.ts";

// Which pods a service selects, and what of them concerns it: staging/src/k8s.io/endpointslice/util.

/** Pods by each of their labels, as `NAMESPACE/NAME=VALUE`. */
const labelIndex: CacheIndex<Pod> = {
  name: "podLabels",
  of: ({ metadata: { namespace, labels = {} } }) =>
    Object.entries(labels).map(([name, value]) => `${namespace}/${name}=${value}`),
};

/** Whether endpoints of the service are made for it. */
export function hasEndpoints({ spec }: Service): boolean {
  return spec.type !== "ExternalName" && spec.selector !== undefined;
}

function selects({ spec: { selector } }: Service, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined) return false;
  for (const name in selector) if (labels[name] !== selector[name]) return false;
  return true;
}

/** The pods that a service selects. */
export function podsOf(service: Service, cache: Cache): readonly Pod[] {
  const { namespace = "" } = service.metadata;
  const [first] = Object.entries(service.spec.selector ?? {});
  const pods =
    first === undefined
      ? cache.inNamespace(Pod, namespace)
      : cache.byIndex(Pod, labelIndex, `${namespace}/${first[0]}=${first[1]}`);
  return pods.filter(({ metadata }) => selects(service, metadata.labels ?? {}));
}

/** Keys of the services that select a pod. */
export function* servicesOf({ metadata: { namespace = "", labels = {} } }: ApiObject, cache: Cache): Iterable<string> {
  for (const service of cache.inNamespace(Service, namespace)) if (selects(service, labels)) yield objectKey(service);
}

/** Changes of pods as changes of the services that select them. */
export const watchedPods: Watched = {
  resource: Pod,
  keys: servicesOf,
  matters: (pod, old) => concernsEndpoints(pod as Pod, old as Pod),
};

function concernsEndpoints(pod: Pod, old: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    isPodReady(pod) !== isPodReady(old) ||
    isPodTerminal(pod) !== isPodTerminal(old) ||
    pod.spec.nodeName !== old.spec.nodeName ||
    pod.spec.hostname !== old.spec.hostname ||
    pod.spec.subdomain !== old.spec.subdomain ||
    !semanticEqual(pod.status?.podIPs, old.status?.podIPs) ||
    !semanticEqual(pod.metadata.labels, old.metadata.labels)
  );
}

/** It runs or may run, and has an address. */
export function isAddressable(pod: Pod): boolean {
  const { podIP = "", podIPs = [] } = pod.status ?? {};
  return !isPodTerminal(pod) && (podIP !== "" || podIPs.length > 0);
}

/** Its hostname is one of the service's domain. */
export function hasHostname({ spec, metadata }: Pod, service: Service): boolean {
  return (
    (spec.hostname ?? "") !== "" &&
    spec.subdomain === service.metadata.name &&
    metadata.namespace === service.metadata.namespace
  );
}

export function isHeadless({ spec }: Service): boolean {
  return (spec.clusterIP ?? "") === "" || spec.clusterIP === "None";
}

/** The number that a service's port has in a pod; undefined where it is named and the pod has no port of the name. */
export function findPort({ spec }: Pod, { targetPort = 0, protocol }: ServicePort): number | undefined {
  if (typeof targetPort === "number") return targetPort;
  for (const container of [...spec.containers, ...(spec.initContainers ?? []).filter(isRestartableInitContainer)]) {
    const port = container.ports?.find((one) => one.name === targetPort && one.protocol === protocol);
    if (port !== undefined) return port.containerPort;
  }
  return undefined;
}
