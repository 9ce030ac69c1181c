import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { WatchCache } from "../cache/watch-cache.ts";

/** How long a read waits for a revision that this server has not seen yet (cacher's blockTimeout). */
const freshnessTimeoutMs = 3_000;
const retryAfterSeconds = 1;

/** A revision from `resourceVersion`; 0 where it is empty or "0". Throws Invalid on anything but a number. */
export function parseResourceVersion(text: string): number {
  if (text === "" || text === "0") {
    return 0;
  }
  if (!/^[0-9]{1,19}$/.test(text)) {
    const problem = `strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`;
    throw ApiError.invalid({ group: "", kind: "" }, "", [
      { type: "FieldValueInvalid", field: "resourceVersion", value: text, detail: problem },
    ]);
  }
  return Number(text);
}

/** Waits until the cache is at least this new; a future that does not come is a Timeout that says where the server is. */
export async function waitForRevision(cache: WatchCache, revision: number, signal: AbortSignal): Promise<void> {
  if (cache.revision >= revision) {
    return;
  }
  const timeout = cache.timeoutSignal(freshnessTimeoutMs);
  try {
    await cache.waitFor(revision, AbortSignal.any([signal, timeout.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.signal.aborted) {
      throw tooLargeResourceVersion(revision, cache.revision);
    }
    throw error;
  } finally {
    timeout.clear();
  }
}

/** storage.NewTooLargeResourceVersionError. */
function tooLargeResourceVersion(wanted: number, current: number): ApiError {
  const message = `Too large resource version: ${wanted}, current: ${current}`;
  const { status } = ApiError.timeout(message, retryAfterSeconds);
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return ApiError.fromStatus({ ...status, details: { causes, retryAfterSeconds } });
}
