import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { JsonSyntaxError, parseJson } from "../../../apimachinery/json/strict-json.ts";
import type * as types from "../../generated/types/core-v1.ts";

// What each type of secret must hold: pkg/apis/core/validation/validation.go ValidateSecret.

const serviceAccountNameAnnotation = "kubernetes.io/service-account.name";
const dataPath = path("data");

/** Adds an error for each key that a secret of this type lacks or fills with what it cannot mean. */
export function addSecretTypeErrors(errors: FieldError[], secret: types.Secret): void {
  const data = secret.data ?? {};
  switch (secret.type) {
    case "kubernetes.io/service-account-token":
      if (!secret.metadata.annotations?.[serviceAccountNameAnnotation]) {
        errors.push(required(path("metadata", "annotations").key(serviceAccountNameAnnotation)));
      }
      return;
    case "kubernetes.io/dockercfg":
      addJsonErrors(errors, data, ".dockercfg");
      return;
    case "kubernetes.io/dockerconfigjson":
      addJsonErrors(errors, data, ".dockerconfigjson");
      return;
    case "kubernetes.io/basic-auth":
      if (!Object.hasOwn(data, "username") && !Object.hasOwn(data, "password")) {
        errors.push(required(dataPath.key("username")), required(dataPath.key("password")));
      }
      return;
    case "kubernetes.io/ssh-auth":
      if (!data["ssh-privatekey"]) errors.push(required(dataPath.key("ssh-privatekey")));
      return;
    case "kubernetes.io/tls":
      for (const key of ["tls.crt", "tls.key"]) {
        if (!Object.hasOwn(data, key)) errors.push(required(dataPath.key(key)));
      }
  }
}

function addJsonErrors(errors: FieldError[], data: Readonly<Record<string, string>>, key: string): void {
  const encoded = data[key];
  if (encoded === undefined) {
    errors.push(required(dataPath.key(key)));
    return;
  }
  const wrong = jsonObjectError(Buffer.from(encoded, "base64").toString("utf8"));
  if (wrong !== undefined) errors.push(invalid(dataPath.key(key), "<secret contents redacted>", wrong));
}

const goTypes: Readonly<Record<string, string>> = { boolean: "bool", bigint: "number" };

/** Why this is no JSON object, in the words of Go's encoding/json; null passes as an empty one. */
function jsonObjectError(text: string): string | undefined {
  try {
    const { value } = parseJson(text);
    if (value === null || (typeof value === "object" && !Array.isArray(value))) return undefined;
    const found = Array.isArray(value) ? "array" : (goTypes[typeof value] ?? typeof value);
    return `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
}
