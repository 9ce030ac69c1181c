import { forbidden } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { ObjectMeta } from "../../../../../apimachinery/resource/object.ts";
import type { PodSpec, SeccompProfile } from "../../../../generated/types/core-v1.ts";
import { containerPath, containersOf } from "../containers.ts";
import { appArmorAnnotationPrefix, seccompContainerAnnotationPrefix, seccompPodAnnotation } from "./annotations.ts";
import type { Check } from "./check.ts";

/** One profile said twice, by an annotation of old and by a field: they must agree. */
interface Said {
  readonly what: "seccomp" | "apparmor";
  readonly annotation: string;
  readonly profile: SeccompProfile;
}

function validateSame(check: Check, { what, annotation, profile }: Said, place: Path): void {
  const refuse = (field: string, noun: string) =>
    check.errors.push(forbidden(place.child(field), `${what} ${noun} in annotation and field must match`));
  if (profile.type === "Unconfined") {
    if (annotation !== "unconfined") refuse("type", "type");
  } else if (profile.type === "RuntimeDefault") {
    const docker = what === "seccomp" && annotation === "docker/default";
    if (annotation !== "runtime/default" && !docker) refuse("type", "type");
  } else if (profile.type === "Localhost") {
    if (!annotation.startsWith("localhost/")) refuse("type", "type");
    else if (annotation.slice("localhost/".length) !== profile.localhostProfile) refuse("localhostProfile", "profile");
  }
}

/** Annotations and fields of seccomp and AppArmor must not contradict each other in new pods and templates. */
export function validateProfilesMatch(check: Check, metadata: Partial<ObjectMeta>, spec: PodSpec, place: Path): void {
  const annotations = metadata.annotations;
  if (annotations === undefined) return;
  const ofPod = spec.securityContext?.seccompProfile;
  const podAnnotation = annotations[seccompPodAnnotation];
  if (ofPod !== undefined && podAnnotation !== undefined) {
    const said: Said = { what: "seccomp", annotation: podAnnotation, profile: ofPod };
    validateSame(check, said, place.child("securityContext", "seccompProfile"));
  }
  const containers = containersOf(spec);
  for (const one of containers) {
    const annotation = annotations[seccompContainerAnnotationPrefix + one.container.name];
    const profile = one.container.securityContext?.seccompProfile;
    if (annotation === undefined || profile === undefined) continue;
    const said: Said = { what: "seccomp", annotation, profile };
    validateSame(check, said, containerPath(place, one).child("securityContext", "seccompProfile"));
  }
  if (spec.os?.name === "windows") return;
  for (const one of containers) {
    const annotation = annotations[appArmorAnnotationPrefix + one.container.name];
    const profile = one.container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    if (annotation === undefined || profile === undefined) continue;
    const said: Said = { what: "apparmor", annotation, profile };
    validateSame(check, said, containerPath(place, one).child("securityContext", "appArmorProfile"));
  }
}
