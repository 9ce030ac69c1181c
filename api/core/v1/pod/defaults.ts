import type { Draft, ObjectMeta } from "../../../../apimachinery/resource/object.ts";
import type {
  Container,
  EphemeralContainer,
  Pod,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Volume,
} from "../../../generated/types/core-v1.ts";
import { aggregateLimits, aggregateRequests } from "./aggregate.ts";
import { defaultPullPolicy } from "./image.ts";
import { type MutableResourceList, roundList, roundRequirements } from "./resource-list.ts";
import { isHugePages, isOvercommitAllowed, isPodLevelResource } from "./resource-names.ts";

// Constant defaults are part of the schema; here is what depends on other fields (pkg/apis/core/v1/defaults.go).

/** Defaults of a template, wherever it stands. */
export function setTemplateDefaults(template: Draft<PodTemplateSpec> | undefined): void {
  if (template === undefined) return;
  setPodSpecDefaults(template.spec);
  dropInitContainerAnnotations(template.metadata);
}

function setPodSpecDefaults(spec: Draft<PodSpec> | undefined): void {
  if (spec === undefined) return;
  setServiceAccount(spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
  roundList(spec.overhead);
  roundRequirements(spec.resources);
}

function setVolumeDefaults(volume: Draft<Volume>): void {
  roundRequirements(volume.ephemeral?.volumeClaimTemplate?.spec?.resources);
  if (volume.image !== undefined && !volume.image.pullPolicy) {
    volume.image.pullPolicy = defaultPullPolicy(volume.image.reference ?? "");
  }
  for (const field in volume) {
    if (field !== "name" && volume[field as keyof Volume] !== undefined) return;
  }
  volume.emptyDir = {};
}

function setContainerDefaults(container: Draft<Container> | Draft<EphemeralContainer>): void {
  if (!container.imagePullPolicy) container.imagePullPolicy = defaultPullPolicy(container.image ?? "");
  roundRequirements(container.resources);
}

/** Defaults that pods have and templates have not. */
export function setPodDefaults(pod: Draft<Pod>): void {
  const spec = pod.spec;
  if (spec === undefined) return;
  setPodSpecDefaults(spec);
  convertPod(pod);
  for (const list of [spec.containers, spec.initContainers]) {
    for (const container of list ?? []) requestLimits(container);
  }
  setPodLevelDefaults(spec);
  spec.enableServiceLinks ??= true;
  if (!spec.hostNetwork) return;
  for (const list of [spec.containers, spec.initContainers]) {
    for (const container of list ?? []) {
      for (const port of container.ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort;
    }
  }
}

/** `serviceAccount` is the old name of `serviceAccountName`, which wins; both are always written. */
function setServiceAccount(spec: Draft<PodSpec>): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

const initContainerAnnotation = /^pod\.(?:alpha|beta)\.kubernetes\.io\/init-container(?:s|-statuses)$/;

/** Annotations from before init containers had fields mean nothing. */
function dropInitContainerAnnotations(metadata: Draft<ObjectMeta> | undefined): void {
  for (const key in metadata?.annotations) {
    if (initContainerAnnotation.test(key)) delete metadata.annotations[key];
  }
}

/** What upstream's conversion to and from its internal form does to a pod (pkg/apis/core/v1/conversion.go). */
function convertPod({ metadata, spec, status }: Draft<Pod>): void {
  dropInitContainerAnnotations(metadata);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  if (status === undefined) return;
  roundStatus(status);
  // The older field wins where both are written and differ.
  if (status.podIP) {
    if (status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  } else if (status.podIPs?.[0]?.ip) status.podIP = status.podIPs[0].ip;
}

function roundStatus(status: Draft<PodStatus>): void {
  roundList(status.allocatedResources);
  roundRequirements(status.resources);
  for (const list of [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses]) {
    for (const { allocatedResources, resources } of list ?? []) {
      roundList(allocatedResources);
      roundRequirements(resources);
    }
  }
}

/** Where only a limit is given, it is the request, too. */
function requestLimits(container: Draft<Container>): void {
  const limits = container.resources?.limits;
  if (limits === undefined) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

/** Requests and limits of the pod as a whole follow from its containers' where only part is given (KEP-2837). */
function setPodLevelDefaults(spec: Draft<PodSpec>): void {
  const resources = spec.resources;
  if (resources === undefined) return;
  const given = (list: MutableResourceList | undefined) => Object.keys(list ?? {}).length > 0;
  if (given(resources.limits) || given(resources.requests)) {
    const limits: MutableResourceList = { ...resources.limits };
    const ofContainers = aggregateLimits(spec);
    for (const name in ofContainers) {
      if (isHugePages(name) && resources.requests?.[name] === undefined) limits[name] ??= ofContainers[name]!;
    }
    if (given(limits)) resources.limits = limits;
  }
  if (!given(resources.limits)) return;
  const requests: MutableResourceList = { ...resources.requests };
  const ofContainers = aggregateRequests(spec);
  for (const name in ofContainers) {
    if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= ofContainers[name]!;
  }
  for (const name in resources.limits) if (isPodLevelResource(name)) requests[name] ??= resources.limits[name]!;
  if (given(requests)) resources.requests = requests;
}
