import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { Status } from "../../../apimachinery/errors/status.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";

/** A webhook could not be asked, or its answer is none; its failure policy says what follows (ErrCallingWebhook). */
export class CallingWebhookError extends Error {
  override readonly name = "CallingWebhookError";
  /** What metrics tell. */
  readonly code: number;

  constructor(webhook: string, reason: string, code: number, options?: ErrorOptions) {
    super(`failed calling webhook ${goQuote(webhook)}: ${reason}`, options);
    this.code = code;
  }
}

/** A webhook said no (ErrWebhookRejection). */
export class WebhookRejection extends Error {
  override readonly name = "WebhookRejection";
  readonly status: ApiError;

  constructor(status: ApiError) {
    super(status.message);
    this.status = status;
  }
}

/** What a client is told of a no (admission/plugin/webhook/errors ToStatusErr). */
export function rejection(webhook: string, result: Partial<Status> = {}): WebhookRejection {
  const deniedBy = `admission webhook ${goQuote(webhook)} denied the request`;
  const said = result.message || result.reason;
  const status = result.status as string | undefined;
  return new WebhookRejection(
    ApiError.fromStatus({
      ...result,
      kind: "Status",
      apiVersion: "v1",
      metadata: result.metadata ?? {},
      status: (status === undefined || status === "" || status === "Success" ? "Failure" : status) as "Failure",
      message: said ? `${deniedBy}: ${said}` : `${deniedBy} without explanation`,
      code: Math.max(result.code ?? 0, 400),
    }),
  );
}

export function dryRunUnsupported(webhook: string): ApiError {
  return ApiError.badRequest(`admission webhook ${goQuote(webhook)} does not support dry run`);
}
