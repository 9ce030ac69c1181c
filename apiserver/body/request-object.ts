import type { JsonValue } from "../../apimachinery/json/json.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { auditRecordOf } from "../filters/audit.ts";
import type { FieldValidation } from "../registry/options.ts";
import type { ApiRequest } from "../request.ts";
import { decodeBody, decodeParsed, type Kind, type SentObject } from "./decode-object.ts";
import { withoutText } from "./parse.ts";

/** The object a request carries, decoded and with its defaults: from its bytes, or in process from the value itself. */
export async function requestObject(
  limits: { readonly maxBodyBytes: number },
  kind: Kind,
  request: ApiRequest,
  fieldValidation: FieldValidation,
): Promise<SentObject> {
  const options = {
    contentType: request.header("content-type"),
    fieldValidation,
    warn: (text: string) => void request.warnings.add(text),
  };
  const sent = await decodeRequest();
  auditRecordOf(request)?.requestObject(sent.draft);
  return sent;

  async function decodeRequest(): Promise<SentObject> {
    if (request.bodyObject === undefined) {
      return decodeBody(kind, await request.readBody(limits.maxBodyBytes), options);
    }
    const value = thaw(request.bodyObject) as JsonValue;
    return decodeParsed(kind, withoutText(value), Buffer.alloc(0), options);
  }
}
