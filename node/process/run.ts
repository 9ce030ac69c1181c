import { execFile } from "node:child_process";

export interface RunOptions {
  /** Written to its standard input. */
  readonly input?: string | Uint8Array;
  /** Killed after this long. */
  readonly timeoutMs?: number;
  /** `/run/netns/NAME`: run within. */
  readonly networkNamespace?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** A program that could not be started or did not end well. The message holds what it said. */
export class RunError extends Error {
  override readonly name = "RunError";
  /** Its exit status; undefined where it was not found or was killed. */
  readonly status: number | undefined;
  readonly stderr: string;

  constructor(message: string, details: { status: number | undefined; stderr: string; cause: unknown }) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.stderr = details.stderr;
  }
}

const defaultTimeoutMs = 30_000;
const maxOutputBytes = 64 * 2 ** 20;

/** Runs a program to its end and gives what it wrote to standard output; throws RunError where it fails. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program, whole] = within(options.networkNamespace, command, args);
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      whole,
      {
        timeout: options.timeoutMs ?? defaultTimeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: maxOutputBytes,
        env: options.env ?? process.env,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (cause, stdout, stderr) => {
        if (cause === null) {
          resolve(stdout);
          return;
        }
        const said = stderr.trim() || stdout.trim() || cause.message;
        const status = typeof cause.code === "number" ? cause.code : undefined;
        reject(new RunError(`${command} ${args.join(" ")}: ${said}`, { status, stderr, cause }));
      },
    );
    // It may end without having read everything: its exit status tells.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
  });
}

/** A command line that runs in a network namespace: nsenter, since `ip netns exec` would hide the cgroup mounts. */
export function within(
  networkNamespace: string | undefined,
  command: string,
  args: readonly string[],
): readonly [program: string, args: readonly string[]] {
  return networkNamespace === undefined
    ? [command, args]
    : ["nsenter", [`--net=${networkNamespace}`, command, ...args]];
}
