import { duplicate, forbidden, notFound } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
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

function validateFields(check: PodCheck, container: EphemeralContainer, place: Path): void {
  for (const field of fieldsOfContainers) {
    // Resources alone are no pointer and no list: empty ones are none.
    const set = field === "resources" ? Object.keys(container[field] ?? {}).length > 0 : container[field] !== undefined;
    if (set) check.errors.push(forbidden(place.child(field), detail));
  }
  container.volumeMounts?.forEach(({ subPath, subPathExpr }, i) => {
    const at = place.child("volumeMounts").index(i);
    if (subPath) check.errors.push(forbidden(at.child("subPath"), detail));
    if (subPathExpr) check.errors.push(forbidden(at.child("subPathExpr"), detail));
  });
}
