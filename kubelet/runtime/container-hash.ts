/** What of a container makes a running one another when it changes. */
export interface HashedFields {
  readonly name: string;
  readonly image?: string;
}

/**
 * The hash that a container of this spec carries in its annotations, in hexadecimal. Equal to upstream's, so that neither a
 * restart nor a change between this kubelet and upstream's restarts a container (pkg/kubelet/container HashContainer: FNV-1a
 * over Go's printed form of the JSON bytes).
 */
export function containerHash({ name, image = "" }: HashedFields): string {
  const json = JSON.stringify({ image, name });
  return fnv1a(`([]uint8)[${Buffer.from(json).join(" ")}]`).toString(16);
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
