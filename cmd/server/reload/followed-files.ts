import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock, Logger } from "../../../base/mod.ts";

/** What the files said cannot be used, and will not be however often it is tried. */
export class RefusedContentError extends Error {
  override readonly name = "RefusedContentError";
}

/** Files whose content is in use, and is to stay so as it changes. */
export interface FollowedFiles {
  /** For the log: `authentication config`. */
  readonly what: string;
  readonly files: readonly string[];
  /** What they said when they were put into use. */
  readonly contents: readonly string[];
  /**
   * Puts other contents into use. Where it rejects, nothing has changed, and it is tried again; with RefusedContentError only
   * once they have changed again. `same`: they say the same in other words.
   */
  apply(contents: readonly string[]): Promise<"applied" | "same">;
  readonly onOutcome?: (outcome: ReloadOutcome) => void;
}
export type ReloadOutcome =
  | { readonly type: "success"; readonly contents: readonly string[] }
  | { readonly type: "failure" };

/** As upstream looks at such files, beside being told by the file system. */
const intervalMs = 60_000;
/** Whoever writes a file may not have done so whole when it is heard of. */
const settleMs = 50;

/** Looks at the files whenever they may have changed, and puts what they say into use, until `signal` aborts. */
export async function followFiles(
  followed: FollowedFiles,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { what, files, apply, onOutcome } = followed;
  let last = followed.contents;
  const changes = new Changes(files, clock, signal);
  while (await changes.next()) {
    let contents: readonly string[] | undefined;
    try {
      contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
      if (contents.every((text, i) => text === last[i])) continue;
      const outcome = await apply(contents);
      last = contents;
      if (outcome === "same" || signal.aborted) continue;
      logger.info(`reloaded ${what}`, { files });
      onOutcome?.({ type: "success", contents });
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof RefusedContentError && contents !== undefined) last = contents;
      logger.error(`reloading ${what}: it stays as it was`, { files, error: (error as Error).message });
      onOutcome?.({ type: "failure" });
    }
  }
  changes.close();
}

/** When files may have changed: the file system says so, or a minute has passed. */
class Changes {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #watchers: { close(): void }[] = [];
  #heard = false;
  #wake: (() => void) | undefined;

  constructor(files: readonly string[], clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
    // The directory, for files are replaced by others of their name, and those of ConfigMaps by links.
    for (const directory of new Set(files.map((file) => dirname(file)))) {
      try {
        const watcher = watch(directory, { persistent: false }, () => {
          this.#heard = true;
          this.#wake?.();
        });
        watcher.on("error", () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // Where nobody can tell, there is the interval.
      }
    }
  }

  /** False once nobody wants to know any more. */
  async next(): Promise<boolean> {
    if (!this.#heard) await this.#wait();
    if (this.#heard) await this.#clock.sleep(settleMs, this.#signal).catch(() => {}); // The answer says whether it ended.
    this.#heard = false;
    return !this.#signal.aborted;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  async #wait(): Promise<void> {
    if (this.#signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = this.#clock.setTimer(intervalMs, resolve);
    await promise;
    timer.clear();
    this.#wake = undefined;
  }
}
