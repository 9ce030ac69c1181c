import { goQuote } from "../../apimachinery/text/go-quote.ts";

/** How a command ended, as clients of v4 and v5 read it from the error stream (metav1.Status). */
export interface FinalStatus {
  readonly metadata: object;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
}

const nonZeroExit = "NonZeroExitCode";
const exitCodeCause = "ExitCode";

/** What a client of v5 is told, from what the runtime wrote to its error stream (client-go's errorDecoderV4). */
export function finalStatus(message: string): FinalStatus {
  if (message === "") return { metadata: {}, status: "Success" };
  let status: Partial<FinalStatus>;
  try {
    status = (JSON.parse(message) as Partial<FinalStatus> | null) ?? {};
  } catch (error) {
    return internalError(`error stream protocol error: ${(error as Error).message} in ${goQuote(message)}`);
  }
  if (status.status === "Success") return { metadata: {}, status: "Success" };
  if (status.status !== "Failure") {
    return internalError("error stream protocol error: unknown error");
  }
  if (status.reason !== nonZeroExit) return internalError(status.message ?? "");
  if (status.details === undefined) return internalError("error stream protocol error: details must be set");
  const { causes } = status.details;
  const cause = Array.isArray(causes) ? causes.find((one) => one?.reason === exitCodeCause) : undefined;
  if (cause === undefined) return internalError(`error stream protocol error: no ${exitCodeCause} cause given`);
  if (!/^\d{1,3}$/.test(cause.message) || Number(cause.message) > 255) {
    return internalError(`error stream protocol error: invalid exit code value ${goQuote(cause.message)}`);
  }
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: command terminated with exit code ${Number(cause.message)}`,
    reason: nonZeroExit,
    details: { causes: [{ reason: exitCodeCause, message: String(Number(cause.message)) }] },
  };
}

export function internalError(text: string): FinalStatus {
  return {
    metadata: {},
    status: "Failure",
    message: `Internal error occurred: ${text}`,
    reason: "InternalError",
    details: { causes: [{ message: text }] },
    code: 500,
  };
}
