import type { Change, Json, JsonObject } from "./rule.ts";

type Key = string | number | "+";
type Node = Record<Key, unknown>;

/** The object with the change made; neither is touched. Throws where the place leads through a scalar. */
export function changed(object: JsonObject, change: Change): JsonObject {
  // By way of text: what stands at two places of the object is two in the copy.
  const copy = JSON.parse(JSON.stringify(object)) as Node;
  for (const [place, value] of Object.entries(change)) set(copy, keysOf(place), structuredClone(value), place);
  return copy as JsonObject;
}

function set(root: Node, keys: readonly Key[], value: Json | undefined, place: string): void {
  let node = root;
  keys.forEach((step, at) => {
    const key = step === "+" ? (node as unknown as unknown[]).length : step;
    if (at === keys.length - 1) {
      if (value !== undefined) node[key] = value;
      else if (Array.isArray(node)) node.splice(key as number, 1);
      else delete node[key];
      return;
    }
    node[key] ??= typeof keys[at + 1] === "number" || keys[at + 1] === "+" ? [] : {};
    if (typeof node[key] !== "object") throw new Error(`${place} leads through ${String(node[key])}`);
    node = node[key] as Node;
  });
}

function keysOf(place: string): Key[] {
  return [...place.matchAll(/\[([^\]]*)\]|([^.[]+)/g)].map(([, inner, name]) => {
    if (inner === undefined) return name!;
    return /^\d+$/.test(inner) ? Number(inner) : inner;
  });
}
