import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { isDNS1035Label } from "../../../../apimachinery/validation/dns.ts";
import {
  validateCaBundle,
  validateWebhookClientConfig,
} from "../../../../apimachinery/validation/webhook-client-config.ts";
import type { CustomResourceConversion, WebhookClientConfig } from "../../../generated/types/apiextensions-v1.ts";

export interface ConversionOptions {
  readonly requireRecognizedVersion: boolean;
  readonly allowInvalidCABundle: boolean;
}

const strategies = ["None", "Webhook"];
const recognized: ReadonlySet<string> = new Set(["v1", "v1beta1"]);

/** How objects change versions. */
export function* conversionErrors(
  conversion: CustomResourceConversion,
  options: ConversionOptions,
  place: Path,
): Generator<FieldError> {
  const { strategy, webhook } = conversion;
  if (!strategy) yield required(place.child("strategy"));
  else if (!strategies.includes(strategy)) yield notSupported(place.child("strategy"), strategy, strategies);
  const config = place.child("webhookClientConfig");
  const versions = place.child("conversionReviewVersions");
  if (strategy !== "Webhook") {
    const detail = "should not be set when strategy is not set to Webhook";
    if (webhook?.clientConfig !== undefined) yield forbidden(config, detail);
    if ((webhook?.conversionReviewVersions?.length ?? 0) > 0) yield forbidden(versions, detail);
    return;
  }
  if (webhook?.clientConfig === undefined) yield required(config, "required when strategy is set to Webhook");
  else yield* clientConfigErrors(webhook.clientConfig, options, config);
  yield* reviewVersionErrors(webhook?.conversionReviewVersions ?? [], options, versions);
}

function* clientConfigErrors(
  config: WebhookClientConfig,
  options: ConversionOptions,
  place: Path,
): Generator<FieldError> {
  yield* validateWebhookClientConfig(config, place);
  const { caBundle } = config;
  if (caBundle && !options.allowInvalidCABundle) yield* validateCaBundle(caBundle, place.child("caBundle"));
}

export function recognizesReviewVersion(versions: readonly string[] | undefined): boolean {
  return versions === undefined || versions.length === 0 || versions.some((version) => recognized.has(version));
}

function* reviewVersionErrors(
  versions: readonly string[],
  { requireRecognizedVersion }: ConversionOptions,
  place: Path,
): Generator<FieldError> {
  if (versions.length === 0) {
    yield required(place);
    return;
  }
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) {
      yield invalid(place.index(i), version, "duplicate version");
      continue;
    }
    seen.add(version);
    for (const problem of isDNS1035Label(version)) yield invalid(place.index(i), version, problem);
  }
  if (requireRecognizedVersion && !versions.some((version) => recognized.has(version))) {
    yield invalid(place, versions, "must include at least one of v1, v1beta1");
  }
}
