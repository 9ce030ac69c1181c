import type { RequestInfo } from "../request.ts";

/** Requests that change nothing that a watcher would hear of. */
const readOnly: ReadonlySet<string> = new Set(["get", "list", "watch", "proxy"]);

/**
 * How many watchers a write will have to tell (flowcontrol/watch_tracker.go). Kubelets' watches of their own pods count for
 * nobody's write: each hears of few.
 */
export class WatchTracker {
  readonly #counts = new Map<string, number>();

  /** Counts a watch until what is returned is called. */
  register({ group, resource, namespace, name }: RequestInfo, fieldSelector: string | null): () => void {
    if (resource === "pods" && ofOneNode(fieldSelector)) return () => {};
    const key = keyOf(group, resource, namespace, name);
    this.#add(key, 1);
    let counted = true;
    return () => {
      if (counted) this.#add(key, -1);
      counted = false;
    };
  }

  interested({ verb, group, resource, namespace, name }: RequestInfo): number {
    if (readOnly.has(verb) || this.#counts.size === 0) return 0;
    let count = this.#counts.get(keyOf(group, resource, "", "")) ?? 0;
    if (namespace !== "") count += this.#counts.get(keyOf(group, resource, namespace, "")) ?? 0;
    if (name !== "") count += this.#counts.get(keyOf(group, resource, namespace, name)) ?? 0;
    return count;
  }

  #add(key: string, by: number): void {
    const count = (this.#counts.get(key) ?? 0) + by;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}

function keyOf(group: string, resource: string, namespace: string, name: string): string {
  return `${group}/${resource}/${namespace}/${name}`;
}

function ofOneNode(fieldSelector: string | null): boolean {
  return fieldSelector !== null && /(?:^|,)spec\.nodeName==?[^,=]/.test(fieldSelector);
}
