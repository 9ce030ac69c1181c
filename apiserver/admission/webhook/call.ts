import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type { Random } from "../../../base/random.ts";
import { type WebhookClient, WebhookConfigError } from "../../webhook-client/webhook-client.ts";
import { admissionRequest } from "../dynamic/admission-request.ts";
import { resourceOf } from "../dynamic/target.ts";
import type { Convert } from "../dynamic/versioned.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { CallingWebhookError, dryRunUnsupported, rejection } from "./errors.ts";
import type { Hook } from "./hooks.ts";
import { admissionReview, type ReviewAnswer, readReview, reviewVersion, verifyReview } from "./review.ts";
import type { Invocation, MatchDeps } from "./should-call.ts";

export interface CallDeps extends MatchDeps {
  readonly client: WebhookClient;
  readonly convert: Convert;
  readonly random: Random;
}

const forever = new AbortController().signal;

/**
 * Asks a webhook about a write. Rejects with CallingWebhookError where it has no answer, WebhookRejection where it says no,
 * and ApiError: BadRequest where it cannot be asked about a dry run, Timeout where the request's own time is over.
 */
export async function callHook(
  { hook, as, objects }: Invocation,
  attributes: AdmissionAttributes,
  deps: CallDeps,
  mutating: boolean,
): Promise<ReviewAnswer> {
  if (attributes.dryRun && !hook.harmlessDryRun) throw dryRunUnsupported(hook.name);
  const version = reviewVersion(hook.reviewVersions);
  if (version === undefined) {
    const reason = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
    throw new CallingWebhookError(hook.name, `could not create admission objects: ${reason}`, 400);
  }
  const uid = deps.random.uuid();
  const request = admissionRequest(attributes, objects.kind, resourceOf(as));
  const body = admissionReview(version, uid, request, objects);
  const review = await ask(hook, attributes, body, deps);
  const answer = verified(hook, review, { version, uid, mutating });
  annotate(attributes, hook, answer.auditAnnotations);
  for (const text of answer.warnings) attributes.warn(text);
  if (!answer.allowed) throw rejection(hook.name, answer.result);
  return answer;
}

async function ask(
  hook: Hook,
  attributes: AdmissionAttributes,
  body: object,
  { client, clock }: CallDeps,
): Promise<ReturnType<typeof readReview>> {
  const { signal = forever, endsAtMs = Number.POSITIVE_INFINITY } = attributes;
  const leftMs = Math.max(1, endsAtMs - clock.monotonicMs());
  try {
    const timeoutMs = Math.min(hook.timeoutMs, leftMs);
    return readReview(await client.call(hook.clientConfig, { body, timeoutMs, signal }));
  } catch (error) {
    const { message } = error as Error;
    // The time was the request's own, whatever is to become of writes whose webhook fails.
    if (leftMs < hook.timeoutMs && message.endsWith("context deadline exceeded")) {
      throw ApiError.timeout("request did not complete within the allotted timeout");
    }
    if (error instanceof WebhookConfigError) {
      throw new CallingWebhookError(hook.name, `could not get REST client: ${message}`, 500, { cause: error });
    }
    const code = error instanceof ApiError ? error.code : 503;
    throw new CallingWebhookError(hook.name, `failed to call webhook: ${message}`, code, { cause: error });
  }
}

function verified(
  hook: Hook,
  review: ReturnType<typeof readReview>,
  wanted: { readonly version: string; readonly uid: string; readonly mutating: boolean },
): ReviewAnswer {
  try {
    return verifyReview(review, wanted);
  } catch (error) {
    const { message } = error as Error;
    const isJson = message.startsWith("json: ") || message.startsWith("illegal base64");
    const reason = isJson ? `failed to call webhook: ${message}` : `received invalid webhook response: ${message}`;
    throw new CallingWebhookError(hook.name, reason, 503, { cause: error });
  }
}

/** Annotations whose names are none are dropped. */
function annotate(
  attributes: AdmissionAttributes,
  { name }: Hook,
  annotations: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(annotations)) {
    const whole = `${name}/${key}`;
    if (isQualifiedName(whole).length === 0) attributes.auditAnnotate(whole, value);
  }
}
