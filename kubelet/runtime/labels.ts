import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, LifecycleHandler } from "../../api/generated/types/core-v1.ts";
import { containerHash } from "./container-hash.ts";
import { annotationNames as annotations, labelNames as labels } from "./names.ts";
import type { PodIdentity } from "./runtime-pod.ts";

type Texts = Readonly<Record<string, string>>;

function identityLabels({ metadata }: Pod): Record<string, string> {
  return {
    [labels.podName]: metadata.name ?? "",
    [labels.podNamespace]: metadata.namespace ?? "",
    [labels.podUid]: metadata.uid ?? "",
  };
}

/** The pod's own labels, and who it is. */
export function sandboxLabels(pod: Pod): Texts {
  return { ...pod.metadata.labels, ...identityLabels(pod) };
}

export function containerLabels(pod: Pod, container: Container): Texts {
  return { ...identityLabels(pod), [labels.containerName]: container.name };
}

export function containerAnnotations(pod: Pod, container: Container, restartCount: number): Texts {
  const { deletionGracePeriodSeconds } = pod.metadata;
  const preStop = container.lifecycle?.preStop;
  return {
    [annotations.hash]: containerHash(container),
    [annotations.restartCount]: String(restartCount),
    [annotations.terminationMessagePath]: container.terminationMessagePath,
    [annotations.terminationMessagePolicy]: container.terminationMessagePolicy,
    ...(deletionGracePeriodSeconds === undefined
      ? {}
      : { [annotations.deletionGracePeriod]: String(deletionGracePeriodSeconds) }),
    [annotations.terminationGracePeriod]: String(pod.spec.terminationGracePeriodSeconds),
    ...(preStop === undefined ? {} : { [annotations.preStopHandler]: JSON.stringify(preStop) }),
    ...((container.ports?.length ?? 0) > 0 ? { [annotations.ports]: JSON.stringify(container.ports) } : {}),
  };
}

/** Whose a sandbox or container is; undefined: not a kubelet's. */
export function identityOf(of: Texts): PodIdentity | undefined {
  const uid = of[labels.podUid];
  if (uid === undefined || uid === "") return undefined;
  return { uid, name: of[labels.podName] ?? "", namespace: of[labels.podNamespace] ?? "" };
}

export interface ContainerNotes {
  readonly hash: string;
  readonly restartCount: number;
  readonly terminationMessagePath: string;
  readonly terminationMessagePolicy: string;
  readonly terminationGraceSeconds?: number;
  readonly preStop?: LifecycleHandler;
}

/** What a kubelet, this one or upstream's, wrote on the container when it made it. */
export function readNotes(of: Texts): ContainerNotes {
  const grace = numberOf(of[annotations.deletionGracePeriod]) ?? numberOf(of[annotations.terminationGracePeriod]);
  const preStop = handlerOf(of[annotations.preStopHandler]);
  return {
    hash: of[annotations.hash] ?? "",
    restartCount: numberOf(of[annotations.restartCount]) ?? 0,
    terminationMessagePath: of[annotations.terminationMessagePath] ?? "",
    terminationMessagePolicy: of[annotations.terminationMessagePolicy] ?? "",
    ...(grace === undefined ? {} : { terminationGraceSeconds: grace }),
    ...(preStop === undefined ? {} : { preStop }),
  };
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  return Number(text);
}

function handlerOf(text: string | undefined): LifecycleHandler | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as LifecycleHandler;
  } catch {
    // Somebody else's note: without it the container ends without a hook, as upstream has it.
    return undefined;
  }
}
