import { type Path, path, rootPath } from "../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../apimachinery/json/equal.ts";
import type { ApiObject, ObjectMeta } from "../../../../apimachinery/resource/object.ts";
import { goQuote } from "../../../../apimachinery/text/go-quote.ts";
import { warningsForIP } from "../../../../apimachinery/validation/addresses.ts";
import { isDNS1123Label } from "../../../../apimachinery/validation/dns.ts";
import type { Pod, PodSpec, PodTemplateSpec } from "../../../generated/types/core-v1.ts";
import { appArmorProfileOf } from "./app-armor.ts";
import { containerPath, containersOf } from "./containers.ts";
import { isWhole, type ResourceList } from "./resource-list.ts";
import {
  appArmorAnnotationPrefix,
  seccompContainerAnnotationPrefix,
  seccompPodAnnotation,
} from "./validation/annotations.ts";
import { affinityWarnings, nodeLabelWarnings, topologyWarnings } from "./warnings/affinity.ts";
import { overlapWarnings } from "./warnings/overlaps.ts";
import { portWarnings } from "./warnings/ports.ts";
import { volumeWarnings } from "./warnings/volumes.ts";

/** A new pod's (podStrategy.WarningsOnCreate); of changes only addresses in the status are doubted. */
export function* podWarnings(pod: Pod, old: Pod | undefined): Iterable<string> {
  if (old !== undefined) {
    if (!semanticEqual(pod.status, old.status)) yield* statusWarnings(pod);
    return;
  }
  const messages = isDNS1123Label(pod.metadata?.name ?? "");
  if (messages.length > 0) {
    yield `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${messages.join(" ")}]`;
  }
  if (pod.spec !== undefined) yield* specWarnings({ metadata: pod.metadata ?? {}, spec: pod.spec }, rootPath);
}

function* statusWarnings({ status }: Pod): Iterable<string> {
  for (const field of ["podIPs", "hostIPs"] as const) {
    for (const [i, { ip = "" }] of (status?.[field] ?? []).entries()) {
      yield* warningsForIP(path("status", field).index(i).child("ip"), ip);
    }
  }
}

/** Of the name of what gives its name to pods. */
export function* podNameWarnings(name: string): Iterable<string> {
  const messages = isDNS1123Label(name);
  if (messages.length === 0) return;
  yield `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${messages.join(" ")}]`;
}

/** Upstream looks at what makes pods again when anything of its spec has changed. */
export function isNewGeneration({ metadata }: ApiObject, old: ApiObject | undefined): boolean {
  return old === undefined || metadata.generation !== old.metadata.generation;
}

/** Of a template (GetWarningsForPodTemplate). */
export function* templateWarnings(template: PodTemplateSpec | undefined, place: Path): Iterable<string> {
  if (template?.spec === undefined) return;
  yield* specWarnings(template, place);
  yield* templateAppArmorWarnings(template, place);
}

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};

interface MetaAndSpec {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec: PodSpec;
}

/** pkg/api/pod warningsForPodSpecAndMeta. */
function* specWarnings({ metadata, spec }: MetaAndSpec, place: Path): Iterable<string> {
  const specPath = place.child("spec");
  const annotations = metadata?.annotations ?? {};
  const annotationsPath = place.child("metadata", "annotations");
  yield* nodeLabelWarnings(spec, specPath);
  yield* topologyWarnings(spec, specPath);
  for (const key in deprecatedAnnotations) {
    if (annotations[key] !== undefined) yield `${annotationsPath.key(key)}: ${deprecatedAnnotations[key]}`;
  }
  yield* volumeWarnings(spec, specPath);
  yield* overlapWarnings(spec);
  yield* duplicateWarnings(spec, specPath);
  yield* wholeBytesWarnings(spec.overhead, specPath.child("overhead"));
  const seccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
  if (spec.securityContext?.seccompProfile === undefined && annotations[seccompPodAnnotation] !== undefined) {
    yield `${annotationsPath.key(seccompPodAnnotation)}: ${seccomp}`;
  }
  for (const one of containersOf(spec)) {
    const { container } = one;
    const at = containerPath(specPath, one);
    const key = seccompContainerAnnotationPrefix + container.name;
    if (container.securityContext?.seccompProfile === undefined && annotations[key] !== undefined) {
      yield `${annotationsPath.key(key)}: ${seccomp}`;
    }
    yield* wholeBytesWarnings(container.resources?.limits, at.child("resources", "limits"));
    yield* wholeBytesWarnings(container.resources?.requests, at.child("resources", "requests"));
    yield* hiddenVariableWarnings(container.env ?? [], at.child("env"));
  }
  yield* portWarnings(spec, specPath);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    yield `${specPath.child("terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1`;
  }
  yield* affinityWarnings(spec, specPath);
  for (const [i, address] of (spec.dnsConfig?.nameservers ?? []).entries()) {
    yield* warningsForIP(specPath.child("dnsConfig", "nameservers").index(i), address);
  }
  for (const [i, { ip = "" }] of (spec.hostAliases ?? []).entries()) {
    yield* warningsForIP(specPath.child("hostAliases").index(i).child("ip"), ip);
  }
}

function* duplicateWarnings(spec: PodSpec, specPath: Path): Iterable<string> {
  const addresses = new Set<string>();
  for (const [i, { ip = "" }] of (spec.hostAliases ?? []).entries()) {
    const at = specPath.child("hostAliases").index(i).child("ip");
    if (addresses.has(ip)) yield `${at}: duplicate ip ${goQuote(ip)}`;
    addresses.add(ip);
  }
  const secrets = new Set<string>();
  for (const [i, { name = "" }] of (spec.imagePullSecrets ?? []).entries()) {
    const at = specPath.child("imagePullSecrets").index(i).child("name");
    if (secrets.has(name)) yield `${at}: duplicate name ${goQuote(name)}`;
    secrets.add(name);
  }
  for (const [i, { name = "" }] of (spec.imagePullSecrets ?? []).entries()) {
    if (name === "") yield `${specPath.child("imagePullSecrets").index(i).child("name")}: invalid empty name ""`;
  }
}

/** Bytes come whole. */
function* wholeBytesWarnings(list: ResourceList | undefined, place: Path): Iterable<string> {
  for (const name of ["memory", "ephemeral-storage"]) {
    const quantity = list?.[name];
    if (quantity === undefined || isWhole(quantity)) continue;
    yield `${place.key(name)}: fractional byte value ${goQuote(quantity)} is invalid, must be an integer`;
  }
}

/** A variable that is set again is well only where it builds on the former one. */
function* hiddenVariableWarnings(
  env: NonNullable<PodSpec["containers"][number]["env"]>,
  place: Path,
): Iterable<string> {
  const names = new Set<string>();
  for (const [i, { name = "", value = "", valueFrom }] of env.entries()) {
    const reference = `$(${name})`;
    const builds = valueFrom === undefined && value !== reference && value.includes(reference);
    if (names.has(name) && !builds) {
      yield `${place.index(i)}: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`;
    }
    names.add(name);
  }
}

function* templateAppArmorWarnings({ metadata, spec }: PodTemplateSpec, place: Path): Iterable<string> {
  for (const { container } of containersOf(spec)) {
    const key = appArmorAnnotationPrefix + container.name;
    const annotation = metadata?.annotations?.[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) continue;
    const ofPod = spec.securityContext?.appArmorProfile;
    if (ofPod !== undefined && semanticEqual(ofPod, appArmorProfileOf(annotation))) continue;
    yield `${place.child("metadata", "annotations").key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`;
  }
}
