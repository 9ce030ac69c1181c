import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/authentication-v1.ts";

const expirationPath = path("spec", "expirationSeconds");

export type TokenRequest = types.TokenRequest;

/** A token for a service account, asked for at its subresource token; not a resource of its own (pkg/apis/authentication/validation). */
export const TokenRequest = defineResource<TokenRequest>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  plural: "tokenrequests",
  scope: "Namespaced",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.authentication.v1.TokenRequest"),
});

/** What is asked of a request that the server has completed. */
export function tokenRequestErrors(seconds: number): readonly FieldError[] {
  if (seconds < 10 * 60) return [invalid(expirationPath, seconds, "may not specify a duration less than 10 minutes")];
  if (seconds <= 2 ** 32) return [];
  return [invalid(expirationPath, seconds, "may not specify a duration larger than 2^32 seconds")];
}
