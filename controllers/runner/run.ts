import { runTasks } from "../../base/task-group.ts";
import type { Client } from "../../client/mod.ts";
import type { Controller, ControllerContext } from "./controller.ts";

export interface RunOptions extends Omit<ControllerContext, "client"> {
  /** A way in as a service account of kube-system; of none: as the controller manager itself. */
  readonly clientOf: (serviceAccount: string | undefined) => Client;
}

/** Runs controllers and the informers they share until `signal` aborts. Resolves when all have ended; rejects with the first bug. */
export async function runControllers(
  options: RunOptions,
  controllers: readonly Controller[],
  signal: AbortSignal,
): Promise<void> {
  const { clientOf, informers, ...rest } = options;
  await runTasks(signal, [
    ...controllers.map((controller) => async (inner: AbortSignal) => {
      await controller.run({ ...rest, informers, client: clientOf(controller.serviceAccount) }, inner);
    }),
    (inner) => informers.run(inner),
  ]);
}
