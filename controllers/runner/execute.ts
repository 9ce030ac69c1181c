import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { type Action, isTolerated } from "./action.ts";

/** Writes of one kind that are under way at once, of one reconcile. */
const maxParallel = 32;

export interface ExecuteOptions {
  readonly perform: (action: Action) => Promise<unknown>;
  /** Told of each action that was carried out or failed; not of tolerated failures. */
  readonly done: (action: Action, result: unknown) => void;
  readonly failed: (action: Action, error: unknown) => void;
}

/**
 * Carries a plan out: actions of one type that stand together run side by side, creates in batches of 1, 2, 4, … that end
 * with the first batch that fails (controller slowStartBatch: a quota that refuses one refuses hundreds), the others all. What
 * follows a failure is left to the next plan. Returns what failed.
 */
export async function execute(actions: readonly Action[], options: ExecuteOptions): Promise<readonly ApiError[]> {
  for (let start = 0; start < actions.length; ) {
    const { type } = actions[start]!;
    let end = start + 1;
    while (end < actions.length && actions[end]!.type === type) end++;
    const group = actions.slice(start, end);
    const failures = type === "create" ? await slowStart(group, options) : await inBatches(group, options);
    if (failures.length > 0) return failures;
    start = end;
  }
  return [];
}

async function slowStart(actions: readonly Action[], options: ExecuteOptions): Promise<readonly ApiError[]> {
  for (let start = 0, size = 1; start < actions.length; start += size, size = Math.min(size * 2, 512)) {
    const failures = await all(actions.slice(start, start + size), options);
    if (failures.length > 0) return failures;
  }
  return [];
}

async function inBatches(actions: readonly Action[], options: ExecuteOptions): Promise<readonly ApiError[]> {
  const failures: ApiError[] = [];
  for (let start = 0; start < actions.length; start += maxParallel) {
    failures.push(...(await all(actions.slice(start, start + maxParallel), options)));
  }
  return failures;
}

async function all(
  actions: readonly Action[],
  { perform, done, failed }: ExecuteOptions,
): Promise<readonly ApiError[]> {
  const failures: ApiError[] = [];
  await Promise.all(
    actions.map(async (action) => {
      try {
        done(action, await perform(action));
      } catch (error) {
        if (isTolerated(action, error)) return;
        failed(action, error);
        failures.push(ApiError.from(error));
      }
    }),
  );
  return failures;
}
