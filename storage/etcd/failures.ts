import { type ServiceError, status } from "@grpc/grpc-js";

/** What to do about a failed call. */
export type Verdict =
  /** The server has not taken it: another try is safe. */
  | "not-taken"
  /** Nobody knows: another try is safe for reads. */
  | "unknown"
  /** The server has no room, and says so until it has. */
  | "no-space"
  | "compacted"
  | "future"
  | "lease-gone"
  | "too-large"
  /** Trying again would not help. */
  | "final";

/** Texts of etcd's api/v3rpc/rpctypes/error.go and of grpc-js, which alone tell these cases apart. */
export function verdictOf(error: unknown): Verdict {
  if (!isServiceError(error)) return "final";
  const { code, details } = error;
  if (details.includes("required revision has been compacted")) return "compacted";
  if (details.includes("required revision is a future revision")) return "future";
  if (details.includes("database space exceeded")) return "no-space";
  if (details.includes("requested lease not found")) return "lease-gone";
  if (details.includes("request is too large") || details.includes("message larger than max")) return "too-large";
  if (details.includes("too many requests") || details.includes("no leader")) return "not-taken";
  switch (code) {
    case status.UNAVAILABLE:
      return /No connection established|ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|Name resolution failed/.test(
        details,
      )
        ? "not-taken"
        : "unknown";
    case status.CANCELLED:
    case status.DEADLINE_EXCEEDED:
    case status.INTERNAL:
    case status.UNKNOWN:
      return "unknown";
    default:
      return "final";
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && typeof (error as Partial<ServiceError>).code === "number" && "details" in error;
}
