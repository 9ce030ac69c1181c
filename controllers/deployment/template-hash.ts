import type { PodTemplateSpec } from "../../api/generated/types/core-v1.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";

/** The label that tells the pods of one template from those of another. */
export const hashLabel = "pod-template-hash";

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/**
 * A template's hash in the letters of generated names: FNV-1a of its JSON with sorted keys, and of how often it met another's.
 * Only whoever makes a ReplicaSet asks for it, so it need not be the same as another implementation's (controller.ComputeHash).
 */
export function templateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  const text = `${sortedJson(template)}${collisionCount === undefined ? "" : `#${collisionCount}`}`;
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return Array.from(String(hash >>> 0), (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join("");
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const maxNameLength = 253;

/** `DEPLOYMENT-HASH`, cut where that is no name any more. */
export function replicaSetName({ metadata: { name = "" } }: ApiObject, hash: string): string {
  return `${name.slice(0, maxNameLength - 1 - hash.length)}-${hash}`;
}
