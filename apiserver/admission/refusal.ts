import { ApiError, isForbidden } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { AdmissionAttributes } from "./plugin.ts";

/** Forbidden, naming the object as well as it can be named yet (apiserver/pkg/admission NewForbidden). */
export function refused(attributes: AdmissionAttributes, cause: string | Error): ApiError {
  if (isForbidden(cause)) return cause as ApiError;
  const { group, plural } = attributes.definition;
  const message = typeof cause === "string" ? cause : cause.message;
  return ApiError.forbidden({ group, resource: plural }, nameOf(attributes), message);
}

function nameOf({ name, object }: AdmissionAttributes): string {
  return name || object?.metadata?.name || object?.metadata?.generateName || "Unknown";
}

/** Whether the write is one of this resource itself, or of the subresource named. */
export function concerns(
  { definition, subresource }: AdmissionAttributes,
  group: string,
  plural: string,
  wanted = "",
): boolean {
  return definition.plural === plural && definition.group === group && subresource === wanted;
}

/** The new object as the kind that the plugin has made sure it is, for reading. */
export function newObject<T extends ApiObject>(attributes: AdmissionAttributes): T {
  return attributes.object as ApiObject as T;
}
