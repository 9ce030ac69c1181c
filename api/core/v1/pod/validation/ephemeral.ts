import { duplicate, forbidden, notFound } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { holdsSentEmpty, isPresent } from "../../../../../apimachinery/schema/sent-empty.ts";
import type { EphemeralContainer, PodSpec } from "../../../../generated/types/core-v1.ts";
import type { PodCheck } from "./check.ts";
import { validateContainer, validateImagePadding } from "./containers.ts";

const detail = "cannot be set for an Ephemeral Container";
const fieldsOfContainers = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

/** Containers for debugging, added to a running pod: no ports, resources, probes (validateEphemeralContainers). */
export function validateEphemeralContainers(check: PodCheck, spec: PodSpec, place: Path): void {
  if (!spec.ephemeralContainers?.length) return;
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  const names = new Set(others);
  spec.ephemeralContainers.forEach((container, i) => {
    const at = place.index(i);
    validateContainer(check, container, at);
    validateImagePadding(check, container.image ?? "", at);
    if (names.has(container.name)) check.errors.push(duplicate(at.child("name"), container.name));
    names.add(container.name);
    const target = container.targetContainerName ?? "";
    if (target !== "" && !others.includes(target)) {
      check.errors.push(notFound(at.child("targetContainerName"), target));
    }
    validateFields(check, container, at);
  });
}

/** Other than Go's zero value: what is empty and no pointer is none, but a list or map that was sent is one, though empty. */
function isSet(container: EphemeralContainer, field: (typeof fieldsOfContainers)[number]): boolean {
  const { resources = {} } = container;
  if (field !== "resources") return isPresent(container, field);
  return Object.keys(resources).length > 0 || holdsSentEmpty(resources);
}

function validateFields(check: PodCheck, container: EphemeralContainer, place: Path): void {
  for (const field of fieldsOfContainers) {
    if (isSet(container, field)) check.errors.push(forbidden(place.child(field), detail));
  }
  container.volumeMounts?.forEach(({ subPath, subPathExpr }, i) => {
    const at = place.child("volumeMounts").index(i);
    if (subPath) check.errors.push(forbidden(at.child("subPath"), detail));
    if (subPathExpr) check.errors.push(forbidden(at.child("subPathExpr"), detail));
  });
}
