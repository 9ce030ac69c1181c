import type { RequestInfo } from "../request.ts";

/** Requests that change nothing that a watcher would hear of. */
const readOnly: ReadonlySet<string> = new Set(["get", "list", "watch", "proxy"]);

/**
 * How many watchers a write will have to tell (flowcontrol/watch_tracker.go). Kubelets' watches of their own pods count for
 * nobody's write: each hears of few.
 */
export class WatchTracker {
  /** By resource, then by what of it: all (empty), those of a namespace, or `namespace/name`. */
  readonly #counts = new Map<string, Map<string, number>>();

  /** Counts a watch until what is returned is called. */
  register({ group, resource, namespace, name }: RequestInfo, fieldSelector: string | null): () => void {
    if (resource === "pods" && ofOneNode(fieldSelector)) return () => {};
    const whole = `${group}/${resource}`;
    const part = name === "" ? namespace : `${namespace}/${name}`;
    this.#add(whole, part, 1);
    let counted = true;
    return () => {
      if (counted) this.#add(whole, part, -1);
      counted = false;
    };
  }

  interested({ verb, group, resource, namespace, name }: RequestInfo): number {
    if (readOnly.has(verb) || this.#counts.size === 0) return 0;
    const counts = this.#counts.get(`${group}/${resource}`);
    if (counts === undefined) return 0;
    let count = counts.get("") ?? 0;
    if (counts.size === 1 && count > 0) return count;
    if (namespace !== "") count += counts.get(namespace) ?? 0;
    if (name !== "") count += counts.get(`${namespace}/${name}`) ?? 0;
    return count;
  }

  #add(whole: string, part: string, by: number): void {
    const counts = this.#counts.get(whole) ?? new Map<string, number>();
    const count = (counts.get(part) ?? 0) + by;
    if (count === 0) counts.delete(part);
    else counts.set(part, count);
    if (counts.size === 0) this.#counts.delete(whole);
    else this.#counts.set(whole, counts);
  }
}

function ofOneNode(fieldSelector: string | null): boolean {
  return fieldSelector !== null && /(?:^|,)spec\.nodeName==?[^,=]/.test(fieldSelector);
}
