import { forbidden, invalid } from "../../../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../../apimachinery/json/equal.ts";
import type { Container, Pod, PodSpec, ResourceRequirements } from "../../../../generated/types/core-v1.ts";
import { podQOSClass } from "../qos.ts";
import type { ResourceList } from "../resource-list.ts";
import { mirrorPodAnnotation } from "./annotations.ts";
import type { Check } from "./check.ts";
import { validatePod } from "./pod.ts";

const specPath = path("spec");
const onlyResources = "only cpu and memory resources are mutable";

/** `pods/resize` changes cpu and memory of a pod that runs (pkg/apis/core/validation ValidatePodResize, KEP-1287). */
export function validatePodResize(check: Check, pod: Pod, old: Pod): void {
  if (old.metadata.annotations?.[mirrorPodAnnotation] !== undefined) {
    check.errors.push(forbidden("", "static pods cannot be resized"));
    return;
  }
  if (old.spec?.os?.name === "windows") {
    check.errors.push(forbidden("", "windows pods cannot be resized"));
    return;
  }
  validatePod(check, pod);
  const spec = pod.spec ?? { containers: [] };
  const oldSpec = old.spec ?? { containers: [] };
  if ((old.status?.qosClass || podQOSClass(oldSpec)) !== podQOSClass(spec)) {
    const detail = "Pod QOS Class may not change as a result of resizing";
    check.errors.push(invalid(specPath, pod.status?.qosClass ?? "", detail));
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  if (running !== undefined && running.resources === undefined) {
    check.errors.push(forbidden(specPath, "Pod running on node without support for resize"));
  }
  const podLevel = isSet(spec.resources) || isSet(oldSpec.resources);
  if (podLevel) validatePodLevel(check, spec, oldSpec);
  if (!validateOrder(check, spec, oldSpec)) return;
  validateContainers(check, spec, oldSpec);
  if (check.errors.length > 0) return;
  if (!semanticEqual(rest(spec, podLevel), rest(oldSpec, podLevel))) {
    check.errors.push(forbidden(specPath, onlyResources));
  }
}

function isSet(resources: ResourceRequirements | undefined): boolean {
  return Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0;
}

/** What was not compared yet. */
function rest(spec: PodSpec, podLevel: boolean): object {
  const { containers: _, initContainers: __, resources, ...others } = spec;
  return podLevel ? others : { ...others, resources };
}

function validatePodLevel(check: Check, { resources }: PodSpec, { resources: old }: PodSpec): void {
  const place = specPath.child("resources");
  if (resources === undefined) {
    check.errors.push(forbidden(place, "pod-level resources cannot be removed"));
    return;
  }
  if (removed(resources.requests, old?.requests)) {
    check.errors.push(forbidden(place.child("requests"), "pod-level resource requests cannot be removed"));
  }
  if (removed(resources.limits, old?.limits)) {
    check.errors.push(forbidden(place.child("limits"), "pod-level resource limits cannot be removed"));
  }
  if (!semanticEqual(withoutMutable(resources), withoutMutable(old))) {
    check.errors.push(forbidden(specPath, `${onlyResources} at pod-level`));
  }
}

/** Containers keep their number, names and order. */
function validateOrder(check: Check, spec: PodSpec, oldSpec: PodSpec): boolean {
  const before = check.errors.length;
  for (const list of ["containers", "initContainers"] as const) {
    const now = spec[list] ?? [];
    const old = oldSpec[list] ?? [];
    const place = specPath.child(list);
    if (now.length !== old.length) {
      check.errors.push(forbidden(place, `${list} may not be added or removed on resize`));
      continue;
    }
    old.forEach(({ name }, i) => {
      if (now[i]!.name === name) return;
      check.errors.push(forbidden(place.index(i).child("name"), `${list} may not be renamed or reordered on resize`));
    });
  }
  return check.errors.length === before;
}

function validateContainers(check: Check, spec: PodSpec, oldSpec: PodSpec): void {
  for (const list of ["initContainers", "containers"] as const) {
    oldSpec[list]?.forEach((old, i) => {
      validateRemoval(check, spec[list]![i]!, old, specPath.child(list).index(i).child("resources"));
    });
  }
  spec.containers?.forEach((container, i) => {
    if (sameButMutable(container, oldSpec.containers[i]!)) return;
    check.errors.push(forbidden(specPath, onlyResources));
  });
  spec.initContainers?.forEach((container, i) => {
    const old = oldSpec.initContainers![i]!;
    const at = specPath.child("initContainers").index(i);
    if (!sameButMutable(container, old)) {
      const detail = "only cpu and memory resources for init or sidecar containers are mutable";
      check.errors.push(forbidden(at, detail));
    }
    if (container.restartPolicy === "Always" || semanticEqual(container, old)) return;
    for (const { restartPolicy } of container.resizePolicy ?? []) {
      if (restartPolicy !== "RestartContainer") continue;
      const detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
      check.errors.push(forbidden(at, detail));
    }
  });
}

function validateRemoval(check: Check, container: Container, old: Container, place: Path): void {
  for (const kind of ["requests", "limits"] as const) {
    if (!removed(container.resources?.[kind], old.resources?.[kind])) continue;
    check.errors.push(forbidden(place.child(kind), `resource ${kind} cannot be removed`));
  }
}

function removed(list: ResourceList = {}, old: ResourceList = {}): boolean {
  return Object.keys(old).some((name) => list[name] === undefined);
}

/** The part of resources that a resize may not touch. */
function withoutMutable(resources: ResourceRequirements | undefined): object {
  const rest = ({ cpu: _c, memory: _m, ...others }: ResourceList = {}) => Object.entries(others).sort();
  const { requests, limits, claims = [] } = resources ?? {};
  return { requests: rest(requests), limits: rest(limits), claims };
}

function sameButMutable(container: Container, old: Container): boolean {
  const { resources, ...rest } = container;
  const { resources: oldResources, ...oldRest } = old;
  // Upstream's comparison forgets the claims of the new container: one that has claims cannot be resized.
  const { claims: _, ...mutable } = resources ?? {};
  return semanticEqual(rest, oldRest) && semanticEqual(withoutMutable(mutable), withoutMutable(oldResources));
}
