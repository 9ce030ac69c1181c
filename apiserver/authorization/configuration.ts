import type { FieldError } from "../../apimachinery/field/error.ts";
import {
  duplicate,
  formatAggregate,
  formatFieldErrors,
  invalid,
  notSupported,
  required,
} from "../../apimachinery/field/errors.ts";
import { formatDuration } from "../../apimachinery/time/duration.ts";
import { isDNS1123Subdomain } from "../../apimachinery/validation/dns.ts";
import { each, readConfiguration, type Shaped } from "../configuration/shaped.ts";
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
const webhookShape = {
  ...each("duration", "timeout", "authorizedTTL", "unauthorizedTTL"),
  ...each("flag", "cacheAuthorizedRequests", "cacheUnauthorizedRequests"),
  ...each("text", "subjectAccessReviewVersion", "matchConditionSubjectAccessReviewVersion", "failurePolicy"),
  connectionInfo: each("text", "type", "kubeConfigFile"),
  matchConditions: [{ expression: "text" }],
} as const;
const authorizerShape = { type: "text", name: "text", webhook: webhookShape } as const;
type GivenWebhook = Shaped<typeof webhookShape>;

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
    shape: { authorizers: [authorizerShape] },
  });
  const given = file.authorizers ?? [];
  const errors: FieldError[] = [];
  if (given.length === 0) errors.push(required("authorizers", "at least one authorization mode must be defined"));
  const seen = { types: new Set<string>(), names: new Set<string>() };
  const authorizers = given.flatMap((one, i) => authorizerOf(one, `authorizers[${i}]`, seen, errors));
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
  { type = "", name = "", webhook }: Shaped<typeof authorizerShape>,
  path: string,
  seen: { readonly types: Set<string>; readonly names: Set<string> },
  errors: FieldError[],
): readonly AuthorizerConfiguration[] {
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

function webhookOf(given: GivenWebhook, path: string, errors: FieldError[]): WebhookConfiguration {
  const { timeout: timeoutMs = 0, matchConditions } = given;
  const { conditions, errors: wrongConditions } = compileMatchConditions(
    (matchConditions ?? []).map(({ expression = "" }) => expression),
    path,
  );
  const chosen = (name: "subjectAccessReviewVersion" | "failurePolicy", choices: readonly string[]): string => {
    const { [name]: value = "" } = given;
    if (value === "") errors.push(required(`${path}.${name}`));
    else if (!choices.includes(value)) errors.push(notSupported(`${path}.${name}`, value, choices));
    return value;
  };
  const shown = (ms: number): string => formatDuration(BigInt(Math.round(ms * 1_000_000)));
  if (timeoutMs === 0) errors.push(required(`${path}.timeout`));
  else if (timeoutMs < 0 || timeoutMs > 30_000) {
    errors.push(invalid(`${path}.timeout`, shown(timeoutMs), "must be > 0s and <= 30s"));
  }
  const ttl = (name: "authorizedTTL" | "unauthorizedTTL", missing: number, kept: boolean | undefined): number => {
    const { [name]: value = missing } = given;
    if (value < 0) errors.push(invalid(`${path}.${name}`, shown(value), "must be > 0s"));
    return kept === false ? 0 : value;
  };
  const version = chosen("subjectAccessReviewVersion", ["v1", "v1beta1"]);
  const { matchConditionSubjectAccessReviewVersion: matchVersion = "" } = given;
  const matchPath = `${path}.matchConditionSubjectAccessReviewVersion`;
  if (matchVersion === "" && matchConditions !== undefined) {
    errors.push(required(matchPath, "required if match conditions are specified"));
  } else if (matchVersion !== "" && matchVersion !== "v1") {
    errors.push(notSupported(matchPath, matchVersion, ["v1"]));
  }
  const failurePolicy = chosen("failurePolicy", ["NoOpinion", "Deny"]);
  const kubeConfigFile = connectionOf(given.connectionInfo, path, errors);
  errors.push(...wrongConditions);
  return {
    timeoutMs,
    authorizedTtlMs: ttl("authorizedTTL", 300_000, given.cacheAuthorizedRequests),
    unauthorizedTtlMs: ttl("unauthorizedTTL", 30_000, given.cacheUnauthorizedRequests),
    version: version as "v1",
    failurePolicy: failurePolicy as "Deny",
    kubeConfigFile,
    conditions,
  };
}

function connectionOf(given: GivenWebhook["connectionInfo"] = {}, path: string, errors: FieldError[]): string {
  const { type = "", kubeConfigFile: file = "" } = given;
  const at = `${path}.connectionInfo`;
  if (type === "") errors.push(required(`${at}.type`));
  // A server that is a pod of the cluster it asks: not one of ours.
  else if (type !== "KubeConfigFile") errors.push(notSupported(`${at}.type`, type, ["KubeConfigFile"]));
  else if (file === "") errors.push(required(`${at}.kubeConfigFile`));
  else if (!file.startsWith("/")) errors.push(invalid(`${at}.kubeConfigFile`, file, "must be an absolute path"));
  return file;
}
