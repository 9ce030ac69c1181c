import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";

/**
 * Owner references that say the same are folded, with a warning (handlers/rest.go dedupOwnerReferencesAndAddWarning).
 * Creates and updates are looked at as they were sent, and every write once more after admission.
 */
export function foldOwnerReferences(
  draft: Draft<ApiObject>,
  warn: (text: string) => void,
  when: "as sent" | "after mutating admission happens",
): void {
  const metadata = draft.metadata as Draft<ObjectMeta>;
  const references = metadata.ownerReferences;
  if (references === undefined || references.length < 2) return;
  const seen = new Map<string, (typeof references)[number]>();
  const doubled: string[] = [];
  for (const reference of references) {
    const key = JSON.stringify(reference, Object.keys(reference).sort());
    if (seen.has(key)) doubled.push(reference.uid);
    seen.set(key, reference);
  }
  if (doubled.length === 0) return;
  const entries = when === "as sent" ? "duplicate entries" : `duplicate entries ${when}`;
  warn(
    `.metadata.ownerReferences contains ${entries}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${doubled.join(", ")}`,
  );
  metadata.ownerReferences = [...seen.values()];
}
