import type { FieldError } from "../../apimachinery/field/error.ts";
import {
  duplicate,
  formatAggregate,
  formatFieldErrors,
  invalid,
  notSupported,
  required,
} from "../../apimachinery/field/errors.ts";
import { isDNS1123Subdomain } from "../../apimachinery/validation/dns.ts";
import { type Fields, readConfiguration } from "../configuration/read-fields.ts";
import { compileMatchConditions, type MatchCondition } from "./webhook/match-conditions.ts";

export type BuiltInAuthorizer = "Node" | "RBAC" | "ABAC" | "AlwaysAllow" | "AlwaysDeny";

/** One of AuthorizationConfiguration (apiserver.config.k8s.io/v1), asked in the order of the file. */
export type AuthorizerConfiguration =
  | { readonly type: BuiltInAuthorizer; readonly name: string }
  | ({ readonly type: "Webhook"; readonly name: string } & WebhookConfiguration);

export interface WebhookConfiguration {
  readonly timeoutMs: number;
  readonly authorizedTtlMs: number;
  readonly unauthorizedTtlMs: number;
  readonly version: "v1" | "v1beta1";
  readonly failurePolicy: "NoOpinion" | "Deny";
  readonly kubeConfigFile: string;
  readonly conditions: readonly MatchCondition[];
}

const types = ["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];
const webhookFields = [
  ...["timeout", "authorizedTTL", "cacheAuthorizedRequests", "unauthorizedTTL", "cacheUnauthorizedRequests"],
  ...["subjectAccessReviewVersion", "matchConditionSubjectAccessReviewVersion", "failurePolicy"],
  ...["connectionInfo", "matchConditions"],
];

/**
 * Reads the file of `--authorization-config`, parsed as YAML or JSON. Throws upstream's words for what is wrong with it.
 * `started`: types that the file named when the server started, where it is read again.
 */
export function parseAuthorizationConfiguration(
  content: unknown,
  { started }: { readonly started?: readonly BuiltInAuthorizer[] } = {},
): readonly AuthorizerConfiguration[] {
  const file = readConfiguration(content, {
    kind: "AuthorizationConfiguration",
    versions: ["v1", "v1beta1"],
    known: ["authorizers"],
  });
  const given = file.parts("authorizers", ["type", "name", "webhook"]);
  const errors: FieldError[] = [];
  if (given.length === 0) errors.push(required("authorizers", "at least one authorization mode must be defined"));
  const seen = { types: new Set<string>(), names: new Set<string>() };
  const authorizers = given.flatMap((one) => authorizerOf(one, seen, errors));
  if (errors.length > 0) throw new Error(formatFieldErrors(errors));
  checkTypes(authorizers, started);
  return authorizers;
}

/** Those that are part of the server keep their names, and are the same as long as it runs. */
function checkTypes(
  authorizers: readonly AuthorizerConfiguration[],
  started: readonly BuiltInAuthorizer[] | undefined,
): void {
  const builtIn = authorizers.filter(({ type }) => type !== "Webhook");
  const problems = builtIn
    .filter(({ type, name }) => name !== type.toLowerCase())
    .map(({ type, name }) => `expected name ${type.toLowerCase()} for authorizer ${type} instead of ${name}`);
  const missing = (started ?? []).filter((one) => !builtIn.some(({ type }) => type === one)).sort();
  if (missing.length > 0) problems.push(`missing required types: [${missing.join(" ")}]`);
  if (problems.length > 0) throw new Error(formatAggregate(problems));
  // Those that look at nothing may be added at any time.
  const isNew = (type: string): boolean => !type.startsWith("Always") && !started!.includes(type as "Node");
  const added = started && builtIn.find(({ type }) => isNew(type));
  if (added !== undefined) {
    throw new Error(`authorizer type ${added.type} is not allowed if it was not enabled at initial server startup`);
  }
}

function authorizerOf(
  given: Fields,
  seen: { readonly types: Set<string>; readonly names: Set<string> },
  errors: FieldError[],
): readonly AuthorizerConfiguration[] {
  const { path } = given;
  const type = given.text("type");
  const name = given.text("name");
  const wrong = (error: FieldError): readonly [] => {
    errors.push(error);
    return [];
  };
  if (type === "") return wrong(required(`${path}.type`));
  if (!types.includes(type)) return wrong(notSupported(`${path}.type`, type, types));
  if (seen.types.has(type) && type !== "Webhook") return wrong(duplicate(`${path}.type`, type));
  seen.types.add(type);
  errors.push(...validateName(name, `${path}.name`, seen.names));
  seen.names.add(name);
  const webhook = given.part("webhook", webhookFields);
  if (type === "Webhook") {
    if (webhook === undefined) return wrong(required(`${path}.webhook`, "required when type=Webhook"));
    return [{ type, name, ...webhookOf(webhook, path, errors) }];
  }
  if (webhook !== undefined) {
    return wrong(invalid(`${path}.webhook`, "non-null", "may only be specified when type=Webhook"));
  }
  return [{ type: type as BuiltInAuthorizer, name }];
}

function validateName(name: string, path: string, names: ReadonlySet<string>): readonly FieldError[] {
  if (name === "") return [required(path)];
  if (names.has(name)) return [duplicate(path, name)];
  const messages = isDNS1123Subdomain(name);
  return messages.length === 0 ? [] : [invalid(path, name, `authorizer name is invalid: ${messages.join(", ")}`)];
}

function webhookOf(given: Fields, path: string, errors: FieldError[]): WebhookConfiguration {
  const { conditions, errors: wrongConditions } = compileMatchConditions(
    given.parts("matchConditions", ["expression"]).map((one) => one.text("expression")),
    path,
  );
  const chosen = (name: string, choices: readonly string[]): string => {
    const value = given.text(name);
    if (value === "") errors.push(required(`${path}.${name}`));
    else if (!choices.includes(value)) errors.push(notSupported(`${path}.${name}`, value, choices));
    return value;
  };
  const timeoutMs = given.durationMs("timeout") ?? 0;
  if (timeoutMs === 0) errors.push(required(`${path}.timeout`));
  else if (timeoutMs < 0 || timeoutMs > 30_000) {
    errors.push(invalid(`${path}.timeout`, given.text("timeout"), "must be > 0s and <= 30s"));
  }
  const ttl = (name: string, missing: number, kept: string): number => {
    const value = given.durationMs(name) ?? missing;
    if (value < 0) errors.push(invalid(`${path}.${name}`, given.text(name), "must be > 0s"));
    return given.has(kept) && !given.flag(kept) ? 0 : value;
  };
  const version = chosen("subjectAccessReviewVersion", ["v1", "v1beta1"]);
  const matchVersion = given.text("matchConditionSubjectAccessReviewVersion");
  const matchPath = `${path}.matchConditionSubjectAccessReviewVersion`;
  if (matchVersion === "" && given.has("matchConditions")) {
    errors.push(required(matchPath, "required if match conditions are specified"));
  } else if (matchVersion !== "" && matchVersion !== "v1") {
    errors.push(notSupported(matchPath, matchVersion, ["v1"]));
  }
  const failurePolicy = chosen("failurePolicy", ["NoOpinion", "Deny"]);
  const kubeConfigFile = connectionOf(given.part("connectionInfo", ["type", "kubeConfigFile"]), path, errors);
  errors.push(...wrongConditions);
  return {
    timeoutMs,
    authorizedTtlMs: ttl("authorizedTTL", 300_000, "cacheAuthorizedRequests"),
    unauthorizedTtlMs: ttl("unauthorizedTTL", 30_000, "cacheUnauthorizedRequests"),
    version: version as "v1",
    failurePolicy: failurePolicy as "Deny",
    kubeConfigFile,
    conditions,
  };
}

function connectionOf(given: Fields | undefined, path: string, errors: FieldError[]): string {
  const type = given?.text("type") ?? "";
  const file = given?.text("kubeConfigFile") ?? "";
  const at = `${path}.connectionInfo`;
  if (type === "") errors.push(required(`${at}.type`));
  // A server that is a pod of the cluster it asks: not one of ours.
  else if (type !== "KubeConfigFile") errors.push(notSupported(`${at}.type`, type, ["KubeConfigFile"]));
  else if (file === "") errors.push(required(`${at}.kubeConfigFile`));
  else if (!file.startsWith("/")) errors.push(invalid(`${at}.kubeConfigFile`, file, "must be an absolute path"));
  return file;
}
