import type { Clock } from "../base/clock.ts";
import type { Storage } from "../storage/storage.ts";

/** Upstream's default of --etcd-healthcheck-timeout and --etcd-readycheck-timeout. */
export const defaultProbeTimeoutMs = 2_000;

/**
 * Whether the store answers: nothing, or what is wrong, within the timeout. It is asked at most every half of that; meanwhile
 * what was found last counts (apiserver/pkg/storage/storagebackend/factory, newETCD3Check).
 */
export function storeProbe(
  storage: Pick<Storage, "currentRevision">,
  clock: Clock,
  timeoutMs: number = defaultProbeTimeoutMs,
): () => string | undefined | Promise<string | undefined> {
  let last: string | undefined = "etcd client connection not yet established";
  let nextMs = Number.NEGATIVE_INFINITY;
  const failed = (message: string): string => `error getting data from etcd: ${message}`;
  const ask = async (answer: Promise<number>): Promise<string | undefined> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const timer = clock.setTimer(timeoutMs, () => resolve("context deadline exceeded"));
    const refused = answer.then(
      () => undefined,
      (error: Error) => error.message,
    );
    const problem = await Promise.race([refused, promise]);
    timer.clear();
    return problem === undefined ? undefined : failed(problem);
  };
  return () => {
    const now = clock.monotonicMs();
    if (now < nextMs) return last;
    nextMs = now + timeoutMs / 2;
    try {
      const answer = storage.currentRevision();
      if (typeof answer === "number") {
        last = undefined;
        return last;
      }
      return ask(answer).then((problem) => {
        last = problem;
        return problem;
      });
    } catch (error) {
      last = failed((error as Error).message);
      return last;
    }
  };
}
