import type { Pod } from "../../../api/generated/types/core-v1.ts";
import { isJsonObject, type JsonObject } from "../../../apimachinery/json/json.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import { jsonReview } from "../../webhook-client/json-review.ts";
import { withRetries } from "../../webhook-client/retry.ts";
import { TimedCache } from "../../webhook-client/timed-cache.ts";
import type { WebhookClient, WebhookServer } from "../../webhook-client/webhook-client.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { concerns, newObject, refused } from "../refusal.ts";
import type { ImagePolicyConfiguration } from "./image-policy-configuration.ts";

const name = "ImagePolicyWebhook";
const auditPrefix = "imagepolicywebhook.image-policy.k8s.io/";
const maxRemembered = 1_024;
const timeoutMs = 30_000;
const forever = new AbortController().signal;

export interface ImagePolicyDeps {
  readonly client: WebhookClient;
  /** Whom to ask. */
  readonly server: WebhookServer;
  readonly configuration: ImagePolicyConfiguration;
  readonly clock: Clock;
  readonly random: Random;
}

interface Verdict {
  readonly allowed: boolean;
  readonly reason: string;
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** Asks a webhook, by ImageReview, whether pods may have their images (plugin/pkg/admission/imagepolicy). */
export function imagePolicyWebhook(deps: ImagePolicyDeps): AdmissionPlugin {
  const { configuration, clock } = deps;
  const remembered = new TimedCache<Verdict>(clock, maxRemembered);
  const ask = async (attributes: AdmissionAttributes, spec: object): Promise<void> => {
    const key = JSON.stringify(spec);
    let verdict = remembered.get(key);
    if (verdict === undefined) {
      try {
        verdict = await askWebhook(deps, spec, attributes.signal ?? forever);
      } catch (error) {
        if (!configuration.defaultAllow) throw refused(attributes, error as Error);
        attributes.auditAnnotate(`${auditPrefix}failed-open`, "true");
        return;
      }
      remembered.set(key, verdict, verdict.allowed ? configuration.allowTtlMs : configuration.denyTtlMs);
    }
    for (const [suffix, value] of Object.entries(verdict.auditAnnotations)) {
      attributes.auditAnnotate(auditPrefix + suffix, value);
    }
    if (verdict.allowed) return;
    const { reason } = verdict;
    throw refused(
      attributes,
      reason === ""
        ? "one or more images rejected by webhook backend"
        : `image policy webhook backend denied one or more images: ${reason}`,
    );
  };
  return {
    name,
    handles: (attributes) =>
      (attributes.operation === "CREATE" || attributes.operation === "UPDATE") &&
      (concerns(attributes, "", "pods") || concerns(attributes, "", "pods", "ephemeralcontainers")),
    validate: (attributes) => ask(attributes, specOf(attributes)),
  };
}

/** What is asked: images, and the annotations that are meant for whoever answers. */
function specOf(attributes: AdmissionAttributes): object {
  const { metadata, spec } = newObject<Pod>(attributes);
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  const reviewed = attributes.subresource === "" ? [...containers, ...initContainers] : ephemeralContainers;
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key]) => key.includes(".image-policy.k8s.io/"))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...(reviewed.length === 0 ? {} : { containers: reviewed.map(({ image }) => (image ? { image } : {})) }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    namespace: attributes.namespace,
  };
}

async function askWebhook(deps: ImagePolicyDeps, spec: object, signal: AbortSignal): Promise<Verdict> {
  const { client, server, configuration, clock, random } = deps;
  const apiVersion = "imagepolicy.k8s.io/v1alpha1";
  const body = { kind: "ImageReview", apiVersion, metadata: {}, spec, status: { allowed: false } };
  const answer = await withRetries(() => client.call(server, { body, timeoutMs, signal }), {
    ...{ clock, random, signal },
    firstDelayMs: configuration.retryBackoffMs,
  });
  return verdictOf(jsonReview(answer, "ImageReview", ["imagepolicy.k8s.io"]));
}

function verdictOf({ status }: JsonObject): Verdict {
  const { allowed, reason, auditAnnotations } = isJsonObject(status ?? null) ? (status as JsonObject) : {};
  const annotations = Object.entries(isJsonObject(auditAnnotations ?? null) ? (auditAnnotations as JsonObject) : {});
  return {
    allowed: allowed === true,
    reason: typeof reason === "string" ? reason : "",
    auditAnnotations: Object.fromEntries(annotations.map(([key, value]) => [key, String(value)])),
  };
}
