/** The codes of gRPC, by number, as Go spells them (google.golang.org/grpc/codes): so they stand in events and statuses. */
const codes = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
] as const;

export type CriCode = (typeof codes)[number];

/**
 * A call that the runtime refused, or that did not reach it (`Unavailable`). `message` is what Go's clients show:
 * `rpc error: code = NotFound desc = …`; `details` is the runtime's own text.
 */
export class CriError extends Error {
  override readonly name = "CriError";
  readonly code: CriCode;
  readonly details: string;

  constructor(code: CriCode, details: string, options?: ErrorOptions) {
    super(`rpc error: code = ${code} desc = ${details}`, options);
    this.code = code;
    this.details = details;
  }
}

/** Whether `error` is the runtime's, with this code. */
export function isCriError(error: unknown, code?: CriCode): error is CriError {
  return error instanceof CriError && (code === undefined || error.code === code);
}

/** What a gRPC client throws, as the one error of this folder. Anything else is thrown as it is. */
export function criErrorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, details } = error as Error & { readonly code?: unknown; readonly details?: unknown };
  const name = typeof code === "number" ? codes[code] : undefined;
  if (name === undefined || typeof details !== "string") return error;
  // A limit that ran out on this side, in the words that Go's clients have for it.
  const text =
    name === "DeadlineExceeded" && details.startsWith("Deadline exceeded") ? "context deadline exceeded" : details;
  return new CriError(name, text, { cause: error });
}
