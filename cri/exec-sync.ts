import { isCriError } from "./errors.ts";
import type { RuntimeService } from "./runtime-service.ts";

export interface ExecSyncOptions {
  readonly runtime: Pick<RuntimeService, "execSync">;
  readonly containerId: string;
  readonly command: readonly string[];
  /** Whole seconds: the protocol has no others. 0: as long as it takes. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

export type ExecSyncResult =
  | {
      readonly kind: "exited";
      readonly exitCode: number;
      readonly stdout: Uint8Array;
      readonly stderr: Uint8Array;
    }
  /** The runtime has killed the command. */
  | { readonly kind: "timed-out" /** As upstream words it. */; readonly message: string };

/**
 * Runs a command in a container and waits for its end. Rejects where the runtime could not run it
 * (staging/src/k8s.io/cri-client/pkg/remote_runtime.go, execSyncV1).
 */
export async function execSync({
  runtime,
  containerId,
  command,
  timeoutSeconds,
  signal,
}: ExecSyncOptions): Promise<ExecSyncResult> {
  try {
    const request = { containerId, cmd: command, timeout: timeoutSeconds };
    const { exitCode, stdout, stderr } = await runtime.execSync(request, signal);
    return { kind: "exited", exitCode, stdout, stderr };
  } catch (error) {
    if (!isCriError(error, "DeadlineExceeded")) throw error;
    const message = `command timed out: ${JSON.stringify(command.join(" "))} timed out after ${goSeconds(timeoutSeconds)}`;
    return { kind: "timed-out", message };
  }
}

/** Whole seconds as Go's time.Duration prints them: `1s`, `1m30s`, `1h0m0s`. */
function goSeconds(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
