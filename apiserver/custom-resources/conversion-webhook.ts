import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import { readJson } from "../../apimachinery/json/read-json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Random } from "../../base/random.ts";
import type { WebhookClient, WebhookClientConfig } from "../webhook-client/webhook-client.ts";
import { checkedConversion } from "./converted-object.ts";
import type { Conversion } from "./stored-form.ts";

// Rules and texts: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.

/** Upstream's timeout of a call (webhook_converter.go's rest client: 30 s). */
const timeoutMs = 30_000;
const group = "apiextensions.k8s.io";

export interface ConversionDeps {
  readonly client: WebhookClient;
  readonly random: Random;
}

/** How objects of a definition change versions. */
export function conversionOf({ spec }: CustomResourceDefinition, deps: ConversionDeps): Conversion {
  const { strategy, webhook } = spec.conversion ?? {};
  if (strategy !== "Webhook" || webhook?.clientConfig === undefined) return { type: "none" };
  const config = webhook.clientConfig as WebhookClientConfig;
  const versions = webhook.conversionReviewVersions ?? [];
  return { type: "webhook", convert: (objects, apiVersion) => convert(objects, apiVersion, config, versions, deps) };
}

async function convert(
  objects: readonly ApiObject[],
  apiVersion: string,
  config: WebhookClientConfig,
  versions: readonly string[],
  { client, random }: ConversionDeps,
): Promise<readonly ApiObject[]> {
  const reviewVersion = versions.find((version) => version === "v1" || version === "v1beta1");
  if (reviewVersion === undefined) throw internal("no supported conversion review versions");
  const uid = random.uuid();
  const review = {
    kind: "ConversionReview",
    apiVersion: `${group}/${reviewVersion}`,
    request: { uid, desiredAPIVersion: apiVersion, objects },
  };
  const subject = subjectOf(objects[0]!);
  let converted: readonly JsonValue[];
  try {
    const answer = await client.call(config, { body: review, timeoutMs, signal: new AbortController().signal });
    converted = convertedObjects(answer.body, uid, reviewVersion);
  } catch (error) {
    throw internal(`conversion webhook for ${subject} failed: ${(error as Error).message}`);
  }
  if (converted.length !== objects.length) {
    throw internal(
      `conversion webhook for ${subject} returned ${converted.length} objects, expected ${objects.length}`,
    );
  }
  return objects.map((object, index) =>
    checkedConversion(thaw(object) as ApiObject, converted[index]!, {
      apiVersion,
      subject,
      index: objects.length === 1 ? undefined : index,
    }),
  );
}

const internal = (message: string): ApiError => ApiError.internal(new Error(message));

/** Go's text of a GroupVersionKind. */
function subjectOf({ apiVersion, kind }: ApiObject): string {
  return `${apiVersion}, Kind=${kind}`;
}

function convertedObjects(body: Buffer, uid: string, reviewVersion: string): readonly JsonValue[] {
  const review = readJson(body.toString("utf8")) as JsonValue;
  if (!isJsonObject(review)) throw new Error("no response provided");
  if (reviewVersion === "v1") checkKind(review);
  const { response } = review;
  if (!isJsonObject(response)) throw new Error("no response provided");
  if (reviewVersion === "v1" && response["uid"] !== uid) {
    throw new Error(`expected response.uid=${goQuote(uid)}, got ${goQuote(String(response["uid"] ?? ""))}`);
  }
  const result = isJsonObject(response["result"]) ? response["result"] : {};
  if (result["status"] !== "Success") {
    const message = String(result["message"] ?? "");
    throw new Error(message || `response.result.status was '${String(result["status"] ?? "")}', not 'Success'`);
  }
  const { convertedObjects: objects } = response;
  return Array.isArray(objects) ? objects : [];
}

function checkKind({ apiVersion, kind }: JsonObject): void {
  if (apiVersion === `${group}/v1` && kind === "ConversionReview") return;
  const given = `${String(apiVersion ?? "")}, Kind=${String(kind ?? "")}`;
  throw new Error(`expected webhook response of ${group}/v1, Kind=ConversionReview, got ${given}`);
}
