import { ApiError } from "../errors/api-error.ts";

/**
 * The patch is well-formed and does not fit the object: 422 with upstream's general sentence. What exactly went wrong is not on
 * the wire (errors.NewGenericServerResponse drops it); it is the error's cause, for logs and tests.
 */
export function unprocessable(detail: string): ApiError {
  return new ApiError(
    {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "the server rejected our request due to an error in our request",
      reason: "Invalid",
      details: {},
      code: 422,
    },
    { cause: new Error(detail) },
  );
}

/** A failure for which upstream has no Status of its own: 500 with the bare message and no reason. */
export function failure(message: string): ApiError {
  return ApiError.from(new Error(message));
}
