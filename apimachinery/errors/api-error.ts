import type { FieldError } from "../field/error.ts";
import { fieldErrorBody, formatFieldErrors } from "../field/errors.ts";
import { goQuote } from "../text/go-quote.ts";
import { type GroupKind, type GroupResource, qualified } from "./qualified.ts";
import type { Status, StatusCause, StatusDetails, StatusReason } from "./status.ts";

/** What a writer reads whose object changed meanwhile (registry.OptimisticLockErrorMsg). */
export const optimisticLockMessage =
  "the object has been modified; please apply your changes to the latest version and try again";

interface DetailFields {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** Leaves out what is empty, as `omitempty` does, and keeps the wire's order. */
function makeDetails(fields: DetailFields): StatusDetails {
  return {
    ...(fields.name ? { name: fields.name } : {}),
    ...(fields.group ? { group: fields.group } : {}),
    ...(fields.kind ? { kind: fields.kind } : {}),
    ...(fields.uid ? { uid: fields.uid } : {}),
    ...(fields.causes && fields.causes.length > 0 ? { causes: fields.causes } : {}),
    ...(fields.retryAfterSeconds ? { retryAfterSeconds: fields.retryAfterSeconds } : {}),
  };
}

function failure(code: number, reason: StatusReason, message: string, details?: DetailFields): ApiError {
  return new ApiError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    ...(message === "" ? {} : { message }),
    ...(reason === "" ? {} : { reason }),
    ...(details === undefined ? {} : { details: makeDetails(details) }),
    code,
  });
}

function of(resource: GroupResource, name: string): DetailFields {
  return { group: resource.group, kind: resource.resource, name };
}

/**
 * The wire's only error: a metav1.Status that can be thrown. Built by reason, tested by reason (the functions below), never by
 * message. Messages, details and codes are upstream's (apimachinery/pkg/api/errors/errors.go).
 */
export class ApiError extends Error {
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? "", options);
    this.name = "ApiError";
    this.status = status;
  }

  /** HTTP status; 500 where the Status does not say. */
  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): StatusReason {
    return this.status.reason ?? "";
  }

  static fromStatus(status: Status): ApiError {
    return new ApiError(status);
  }

  /** Any thrown value as an ApiError: itself, or what the server answers for a failure without a Status of its own. */
  static from(error: unknown): ApiError {
    if (error instanceof ApiError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new ApiError(failure(500, "", message).status, { cause: error });
  }

  static notFound(resource: GroupResource, name: string): ApiError {
    return failure(404, "NotFound", `${qualified(resource)} ${goQuote(name)} not found`, of(resource, name));
  }

  static alreadyExists(resource: GroupResource, name: string): ApiError {
    return failure(409, "AlreadyExists", `${qualified(resource)} ${goQuote(name)} already exists`, of(resource, name));
  }

  /** No free name was found for a generateName. */
  static generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): ApiError {
    const message = `${qualified(resource)} ${goQuote(name)} already exists, the server was not able to generate a unique name for the object`;
    return failure(409, "AlreadyExists", message, { ...of(resource, name), retryAfterSeconds });
  }

  static unauthorized(message = ""): ApiError {
    return failure(401, "Unauthorized", message === "" ? "not authorized" : message);
  }

  /** `resource` may be empty where the request was not of a resource. */
  static forbidden(resource: GroupResource, name: string, message: string): ApiError {
    const whole = qualified(resource);
    const subject =
      whole === "" ? "forbidden" : name === "" ? `${whole} is forbidden` : `${whole} ${goQuote(name)} is forbidden`;
    return failure(403, "Forbidden", `${subject}: ${message}`, of(resource, name));
  }

  static conflict(resource: GroupResource, name: string, message: string = optimisticLockMessage): ApiError {
    const text = `Operation cannot be fulfilled on ${qualified(resource)} ${goQuote(name)}: ${message}`;
    return failure(409, "Conflict", text, of(resource, name));
  }

  /** Server-side apply meets fields that others own: one cause a field. */
  static applyConflict(causes: readonly StatusCause[], message: string): ApiError {
    return failure(409, "Conflict", message, { causes });
  }

  static gone(message: string): ApiError {
    return failure(410, "Gone", message);
  }

  /** The resourceVersion or continue token is too old. */
  static expired(message: string): ApiError {
    return failure(410, "Expired", message);
  }

  static invalid(kind: GroupKind, name: string, errors: readonly FieldError[]): ApiError {
    const causes = errors.map(
      (error): StatusCause => ({
        reason: error.type,
        message: fieldErrorBody(error),
        ...(error.field === "" ? {} : { field: error.field }),
      }),
    );
    const subject = `${qualified(kind)} ${goQuote(name)} is invalid`;
    const message = errors.length === 0 ? subject : `${subject}: ${formatFieldErrors(errors)}`;
    return failure(422, "Invalid", message, { group: kind.group, kind: kind.kind, name, causes });
  }

  static badRequest(message: string): ApiError {
    return failure(400, "BadRequest", message);
  }

  static tooManyRequests(message: string, retryAfterSeconds: number): ApiError {
    return failure(429, "TooManyRequests", message, { retryAfterSeconds });
  }

  static serviceUnavailable(message: string): ApiError {
    return failure(503, "ServiceUnavailable", message);
  }

  /** `verb` as people read it: `create`, `patch`. */
  static methodNotSupported(resource: GroupResource, verb: string): ApiError {
    const message = `${verb} is not supported on resources of kind ${goQuote(qualified(resource))}`;
    return failure(405, "MethodNotAllowed", message, { group: resource.group, kind: resource.resource });
  }

  /** A transient failure: the client shall try again. */
  static serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds: number): ApiError {
    const message = `The ${operation} operation against ${qualified(resource)} could not be completed at this time, please try again.`;
    return failure(500, "ServerTimeout", message, { ...of(resource, operation), retryAfterSeconds });
  }

  /** `error` is kept as the cause. */
  static internal(error: unknown): ApiError {
    const text = error instanceof Error ? error.message : String(error);
    const { status } = failure(500, "InternalError", `Internal error occurred: ${text}`, {
      causes: [{ message: text }],
    });
    return new ApiError(status, { cause: error });
  }

  /** The request took too long; its effect may still come. */
  static timeout(message: string, retryAfterSeconds = 0): ApiError {
    return failure(504, "Timeout", `Timeout: ${message}`, { retryAfterSeconds });
  }

  static requestEntityTooLarge(message: string): ApiError {
    return failure(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);
  }

  /** The client's Accept header names nothing the server can send (negotiation.NewNotAcceptableError). */
  static notAcceptable(accepted: readonly string[]): ApiError {
    return failure(406, "NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);
  }

  /** The body's Content-Type is none the server can read (negotiation.NewUnsupportedMediaTypeError). */
  static unsupportedMediaType(accepted: readonly string[]): ApiError {
    const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
    return failure(415, "UnsupportedMediaType", message);
  }

  /** The object cannot be read from the store. */
  static storeReadError(message: string): ApiError {
    return failure(500, "StoreReadError", message);
  }
}

/**
 * Tests of a failure's kind, for any thrown value: by reason, and by HTTP code only where the reason is one nobody knows
 * (apimachinery/pkg/api/errors, IsNotFound and its siblings). The error may also be the cause of another.
 */
type Predicate = (error: unknown) => boolean;

const knownReasons: ReadonlySet<string> = new Set<StatusReason>([
  "Unauthorized",
  "Forbidden",
  "NotFound",
  "AlreadyExists",
  "Conflict",
  "Gone",
  "Invalid",
  "ServerTimeout",
  "StoreReadError",
  "Timeout",
  "TooManyRequests",
  "BadRequest",
  "MethodNotAllowed",
  "NotAcceptable",
  "RequestEntityTooLarge",
  "UnsupportedMediaType",
  "InternalError",
  "Expired",
  "ServiceUnavailable",
]);

/** Causes followed before giving up: a chain may be a ring. */
const maxDepth = 16;

/** The ApiError that `error` is or was caused by. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  let current = error;
  for (let depth = 0; depth < maxDepth && current instanceof Error; depth++) {
    if (current instanceof ApiError) return current;
    current = current.cause;
  }
  return undefined;
}

function byReason(reason: StatusReason, code?: number, options: { readonly codeAlone?: boolean } = {}): Predicate {
  return (error) => {
    const found = apiErrorOf(error);
    if (found === undefined) return false;
    if (found.reason === reason) return true;
    if (code === undefined || found.status.code !== code) return false;
    return options.codeAlone === true || !knownReasons.has(found.reason);
  };
}

export const isNotFound: Predicate = byReason("NotFound", 404);
export const isAlreadyExists: Predicate = byReason("AlreadyExists");
export const isConflict: Predicate = byReason("Conflict", 409);
export const isInvalid: Predicate = byReason("Invalid", 422);
export const isGone: Predicate = byReason("Gone", 410);
export const isResourceExpired: Predicate = byReason("Expired");
export const isNotAcceptable: Predicate = byReason("NotAcceptable", 406);
export const isUnsupportedMediaType: Predicate = byReason("UnsupportedMediaType", 415);
export const isMethodNotSupported: Predicate = byReason("MethodNotAllowed", 405);
export const isServiceUnavailable: Predicate = byReason("ServiceUnavailable", 503);
export const isBadRequest: Predicate = byReason("BadRequest", 400);
export const isUnauthorized: Predicate = byReason("Unauthorized", 401);
export const isForbidden: Predicate = byReason("Forbidden", 403);
export const isTimeout: Predicate = byReason("Timeout", 504);
export const isServerTimeout: Predicate = byReason("ServerTimeout");
export const isInternalError: Predicate = byReason("InternalError", 500);
export const isTooManyRequests: Predicate = byReason("TooManyRequests", 429, { codeAlone: true });
export const isRequestEntityTooLarge: Predicate = byReason("RequestEntityTooLarge", 413, { codeAlone: true });
export const isStoreReadError: Predicate = byReason("StoreReadError");

/** A watch or list must start anew: its resourceVersion is gone. */
export const isExpired: Predicate = (error) => isResourceExpired(error) || isGone(error);

/** The first cause of that reason, if any (such as `NamespaceTerminating`). */
export function statusCause(error: unknown, reason: string): StatusCause | undefined {
  return apiErrorOf(error)?.status.details?.causes?.find((cause) => cause.reason === reason);
}

/** Seconds the server asks the client to wait; undefined where it asks for none. */
export function suggestedDelaySeconds(error: unknown): number | undefined {
  const found = apiErrorOf(error);
  if (found?.status.details === undefined) return undefined;
  const seconds = found.status.details.retryAfterSeconds ?? 0;
  return found.reason === "ServerTimeout" || seconds > 0 ? seconds : undefined;
}
