interface Wait {
  delayMs: number;
  lastMs: number;
}

const firstMs = 1_000;
const maxMs = 15 * 60_000;

/**
 * How soon a pod that failed is replaced: a kubelet that refuses a pod refuses the next one too. At once the first time on a
 * node, then after 1 s, doubling to 15 minutes; forgotten after twice the longest wait.
 */
export class FailedPods {
  readonly #waits = new Map<string, Wait>();
  /** Pods that may be deleted. */
  readonly #released = new Map<string, Set<string>>();

  /** True where the pod may be deleted now, else the time from which on it may (ms since 1970). */
  mayDelete(place: string, uid: string, now: number): true | number {
    if (this.#released.get(place)?.has(uid)) return true;
    const wait = this.#waits.get(place);
    if (wait === undefined || now - wait.lastMs > 2 * maxMs) {
      this.#waits.set(place, { delayMs: firstMs, lastMs: now });
    } else {
      const untilMs = wait.lastMs + wait.delayMs;
      if (now < untilMs) return untilMs;
      wait.delayMs = Math.min(maxMs, wait.delayMs * 2);
      wait.lastMs = now;
    }
    this.#released.set(place, new Set([uid]));
    return true;
  }

  /** Forgets all places that begin so. */
  forget(prefix: string): void {
    for (const map of [this.#waits, this.#released]) {
      for (const place of map.keys()) if (place.startsWith(prefix)) map.delete(place);
    }
  }
}
