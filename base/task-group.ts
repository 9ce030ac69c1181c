import { isAbortOf, type LinkedSignal, linkSignals } from "./cancellation.ts";

export type Task = (signal: AbortSignal) => Promise<void>;

/**
 * Tasks that live and end together.
 *
 * Guarantees: `wait` settles only when every task has ended. The first failure aborts the others' signal and is what `wait`
 * rejects with; failures that follow are its echo and are dropped. A task that ends by throwing its own signal's reason has
 * not failed. No task starts after the group's signal has aborted.
 */
export class TaskGroup {
  readonly #controller = new AbortController();
  readonly #link: LinkedSignal;
  readonly #idle: PromiseWithResolvers<void>[] = [];
  #active = 0;
  #failure: { readonly error: unknown } | undefined;

  /** The group ends when `parent` aborts. */
  constructor(parent?: AbortSignal) {
    this.#link = linkSignals(parent, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#link.signal;
  }

  /** Tasks that have not ended. */
  get active(): number {
    return this.#active;
  }

  /** Starts a task, now. Does nothing once the group's signal has aborted. */
  start(task: Task): void {
    if (this.signal.aborted) return;
    this.#active++;
    // The task's promise ends here in every case, so it is not floating: `wait` reports what became of it.
    invoke(task, this.signal).then(
      () => this.#ended(),
      (error: unknown) => {
        if (!isAbortOf(error, this.signal)) this.#fail(error);
        this.#ended();
      },
    );
  }

  /** Tells every task to end. */
  stop(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** Resolves when no task is left; rejects, then, with the first failure. */
  async wait(): Promise<void> {
    while (this.#active > 0) {
      const idle = Promise.withResolvers<void>();
      this.#idle.push(idle);
      await idle.promise;
    }
    this.#link[Symbol.dispose]();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#controller.abort(error);
  }

  #ended(): void {
    this.#active--;
    if (this.#active > 0) return;
    for (const idle of this.#idle.splice(0)) idle.resolve();
  }
}

/** Runs tasks until all have ended: the body of most `run(signal)`. Rejects with the first failure, after all have ended. */
export async function runTasks(signal: AbortSignal | undefined, tasks: Iterable<Task>): Promise<void> {
  const group = new TaskGroup(signal);
  for (const task of tasks) group.start(task);
  await group.wait();
}

/** A task that throws before its first await has failed like any other. */
async function invoke(task: Task, signal: AbortSignal): Promise<void> {
  await task(signal);
}
