import { semanticEqual } from "../../../../apimachinery/json/equal.ts";
import type { Draft } from "../../../../apimachinery/resource/object.ts";
import type { AppArmorProfile, Pod, PodSpec } from "../../../generated/types/core-v1.ts";
import { containersOf } from "./containers.ts";
import { appArmorAnnotationPrefix } from "./validation/annotations.ts";

/** The field that an annotation of old stands for; undefined where it stands for none (ApparmorFieldForAnnotation). */
export function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === "unconfined") return { type: "Unconfined" };
  if (annotation === "runtime/default") return { type: "RuntimeDefault" };
  const profile = annotation.startsWith("localhost/") ? annotation.slice("localhost/".length) : "";
  return profile !== "" && profile.trim() === profile ? { type: "Localhost", localhostProfile: profile } : undefined;
}

/** Clients of before v1.30 name AppArmor profiles by annotation: the field follows (applyAppArmorVersionSkew). */
export function applyAppArmorAnnotations(pod: Draft<Pod>): void {
  const annotations = pod.metadata?.annotations;
  if (annotations === undefined || pod.spec?.os?.name === "windows") return;
  for (const { container } of containersOf(pod.spec as PodSpec)) {
    const annotation = annotations[appArmorAnnotationPrefix + container.name];
    const draft = container as Draft<typeof container>;
    if (annotation === undefined || draft.securityContext?.appArmorProfile !== undefined) continue;
    const profile = appArmorProfileOf(annotation);
    if (profile === undefined || semanticEqual(profile, pod.spec.securityContext?.appArmorProfile)) continue;
    draft.securityContext = { ...draft.securityContext, appArmorProfile: profile };
  }
}
