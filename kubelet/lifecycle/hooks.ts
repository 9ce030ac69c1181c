import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, LifecycleHandler } from "../../api/generated/types/core-v1.ts";
import type { Clock } from "../../base/clock.ts";
import { execSync, type RuntimeService } from "../../cri/mod.ts";
import { describePod } from "../runtime/names.ts";
import { callHttpHook } from "./http-hook.ts";

export interface HookRequest {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string | undefined;
  readonly handler: LifecycleHandler;
}

export interface HookOptions {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
}

/** A hook that failed; the message is upstream's, and may hold what the command wrote. */
export class HookError extends Error {
  override readonly name = "HookError";
}

/** Runs a hook to its end; rejects with HookError, or the signal's reason (pkg/kubelet/lifecycle/handlers.go). */
export async function runHook(request: HookRequest, options: HookOptions, signal: AbortSignal): Promise<void> {
  const { pod, container, handler } = request;
  const where = `for Container "${container.name}" in Pod "${describePod(pod)}" failed - error:`;
  if (handler.exec !== undefined) return runExec(request, options, where, signal);
  if (handler.sleep !== undefined) return options.clock.sleep(handler.sleep.seconds * 1_000, signal);
  if (handler.httpGet !== undefined) {
    try {
      return await callHttpHook(handler.httpGet, { container, podIP: request.podIP, signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const path = handler.httpGet.path ?? "";
      throw new HookError(`HTTP lifecycle hook (${path}) ${where} ${messageOf(error)}`, { cause: error });
    }
  }
  throw new HookError("Cannot run handler: invalid handler");
}

async function runExec(
  { containerId, handler }: HookRequest,
  { runtime }: HookOptions,
  where: string,
  signal: AbortSignal,
): Promise<void> {
  const command = handler.exec?.command ?? [];
  const described = `Exec lifecycle hook ([${command.join(" ")}]) ${where}`;
  let result: Awaited<ReturnType<typeof execSync>>;
  try {
    result = await execSync({ runtime, containerId, command, timeoutSeconds: 0, signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new HookError(`${described} ${messageOf(error)}, message: ""`, { cause: error });
  }
  if (result.kind === "timed-out") throw new HookError(`${described} ${result.message}, message: ""`);
  if (result.exitCode === 0) return;
  const output = Buffer.concat([result.stdout, result.stderr]).toString("utf8");
  const failure = `command '${command.join(" ")}' exited with ${result.exitCode}: ${Buffer.from(result.stderr)}`;
  throw new HookError(`${described} ${failure}, message: ${JSON.stringify(output)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
