import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { AuthorizationAttributes, Authorizer } from "./authorizer.ts";
import { forbiddenMessage } from "./messages.ts";

/** Throws the Forbidden answer unless the authorizer allows it. */
export async function mustAllow(authorizer: Authorizer, attributes: AuthorizationAttributes): Promise<void> {
  const { decision, reason } = await authorizer.authorize(attributes);
  if (decision !== "allow") throw forbidden(attributes, reason);
}

/** The answer to who may not (endpoints/handlers/responsewriters ForbiddenStatusError). */
export function forbidden(attributes: AuthorizationAttributes, reason: string): ApiError {
  return ApiError.forbidden(
    { group: attributes.group, resource: attributes.resource },
    attributes.name,
    forbiddenMessage(attributes, reason),
  );
}
