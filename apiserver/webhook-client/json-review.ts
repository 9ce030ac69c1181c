import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import { parseJson } from "../../apimachinery/json/strict-json.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { type WebhookAnswer, WebhookCallError } from "./webhook-client.ts";

/** The review that a webhook answered with. Throws WebhookCallError where it is another thing, or none. */
export function jsonReview({ body }: WebhookAnswer, kind: string, groups: readonly string[]): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(body).value;
  } catch (cause) {
    throw new WebhookCallError(`the webhook's answer is no JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isJsonObject(value)) throw new WebhookCallError("the webhook's answer is no JSON object");
  const { kind: found, apiVersion } = value;
  const group = String(apiVersion ?? "").split("/")[0]!;
  if (found !== kind || !groups.includes(group)) {
    const version = goQuote(String(apiVersion ?? ""));
    throw new WebhookCallError(`no kind ${goQuote(String(found ?? ""))} is registered for version ${version}`);
  }
  return value;
}
