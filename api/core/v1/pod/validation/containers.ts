import { duplicate, forbidden, invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type {
  Container,
  ContainerResizePolicy,
  EphemeralContainer,
  PodSpec,
} from "../../../../generated/types/core-v1.ts";
import { checkChoice, checkLabel, type PodCheck } from "./check.ts";
import { validateEnv, validateEnvFrom } from "./env.ts";
import { validateMounts } from "./mounts.ts";
import { validateContainerPorts, validateHostPortConflicts } from "./ports.ts";
import { validateLifecycleAndProbes } from "./probes.ts";
import { validateContainerResources } from "./resources.ts";
import { validateRestartPolicy } from "./restart.ts";
import { validateSecurityContext } from "./security.ts";

const messagePolicies = ["File", "FallbackToLogsOnError"];
const pullPolicies = ["Always", "IfNotPresent", "Never"];
const resizeResources = ["cpu", "memory"];
const resizePolicies = ["NotRequired", "RestartContainer"];

/** What containers of every kind have in common (pkg/apis/core/validation validateContainerCommon). */
export function validateContainer(check: PodCheck, container: Container | EphemeralContainer, place: Path): void {
  const { name = "", image = "", ports, env, envFrom } = container;
  if (name === "") check.errors.push(required(place.child("name")));
  else checkLabel(check, place.child("name"), name);
  if (image === "") check.errors.push(required(place.child("image")));
  checkChoice(check, place.child("terminationMessagePolicy"), container.terminationMessagePolicy, messagePolicies);
  if (ports !== undefined) validateContainerPorts(check, ports, place.child("ports"));
  if (env !== undefined) validateEnv(check, env, place.child("env"));
  if (envFrom !== undefined) validateEnvFrom(check, envFrom, place.child("envFrom"));
  validateMounts(check, container, place);
  checkChoice(check, place.child("imagePullPolicy"), container.imagePullPolicy, pullPolicies);
  validateContainerResources(check, container.resources, place.child("resources"));
  if (container.resizePolicy !== undefined) {
    validateResizePolicy(check, container.resizePolicy, place.child("resizePolicy"));
  }
  if (container.securityContext !== undefined) {
    validateSecurityContext(check, container.securityContext, place.child("securityContext"));
  }
}

function validateResizePolicy(check: PodCheck, policies: readonly ContainerResizePolicy[], place: Path): void {
  const seen = new Set<string>();
  policies.forEach(({ resourceName = "", restartPolicy = "" }, i) => {
    if (seen.has(resourceName)) check.errors.push(duplicate(place.index(i), resourceName));
    seen.add(resourceName);
    checkChoice(check, place, resourceName, resizeResources);
    checkChoice(check, place, restartPolicy, resizePolicies);
    if (check.restartPolicy === "Never" && restartPolicy !== "NotRequired") {
      const detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
      check.errors.push(invalid(place, restartPolicy, detail));
    }
  });
}

export function validateContainers(check: PodCheck, containers: readonly Container[], place: Path): void {
  if (containers.length === 0) {
    check.errors.push(required(place));
    return;
  }
  const names = new Set<string>();
  containers.forEach((container, i) => {
    const at = place.index(i);
    validateContainer(check, container, at);
    const name = container.name ?? "";
    if (names.has(name)) check.errors.push(duplicate(at.child("name"), name));
    names.add(name);
    validateLifecycleAndProbes(check, container, at);
    validateRestartPolicy(check, container, at);
  });
  validateHostPortConflicts(check, containers, place);
}

const sidecarOnly = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;

/** Init containers run to their end, but for sidecars, which have what ordinary containers have (validateInitContainers). */
export function validateInitContainers(check: PodCheck, spec: PodSpec, place: Path): void {
  const names = new Set((spec.containers ?? []).map((container) => container.name ?? ""));
  spec.initContainers?.forEach((container, i) => {
    const at = place.index(i);
    const name = container.name ?? "";
    const sidecar = container.restartPolicy === "Always";
    validateContainer(check, container, at);
    validateRestartPolicy(check, container, at);
    if (names.has(name)) check.errors.push(duplicate(at.child("name"), name));
    else if (name !== "") names.add(name);
    validateHostPortConflicts(check, [container], place);
    if (sidecar) validateLifecycleAndProbes(check, container, at);
    else {
      for (const field of sidecarOnly) {
        if (container[field] === undefined) continue;
        const detail = "may not be set for init containers without restartPolicy=Always";
        check.errors.push(forbidden(at.child(field), detail));
      }
    }
    if (sidecar || check.options.allowRestartContainerOfInitContainers) return;
    container.resizePolicy?.forEach(({ restartPolicy }, j) => {
      if (restartPolicy !== "RestartContainer") return;
      const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      check.errors.push(invalid(at.child("resizePolicy").index(j).child("restartPolicy"), restartPolicy, detail));
    });
  });
}

/** An image's name may not be padded, in pods alone (validateContainerOnlyForPod). */
export function validateImagePadding(check: PodCheck | Pick<PodCheck, "errors">, image: string, place: Path): void {
  if (image.length === image.trim().length) return;
  check.errors.push(invalid(place.child("image"), image, "must not have leading or trailing whitespace"));
}
