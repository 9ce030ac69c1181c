import type { FieldError } from "../../apimachinery/field/error.ts";
import { formatFieldErrors, invalid, notSupported, required } from "../../apimachinery/field/errors.ts";
import { isDNS1123Subdomain } from "../../apimachinery/validation/dns.ts";
import type { AuthorizationAttributes } from "../authorization/authorizer.ts";
import { type Shape, shaped, texts, typeOfFile } from "../configuration/shaped.ts";

export type AuditLevel = "None" | "Metadata" | "Request" | "RequestResponse";
export type AuditStage = "RequestReceived" | "ResponseStarted" | "ResponseComplete" | "Panic";

export const auditLevels: readonly AuditLevel[] = ["None", "Metadata", "Request", "RequestResponse"];
const auditStages: readonly AuditStage[] = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

/** audit.k8s.io/v1 PolicyRule: the first that matches a request decides. */
export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly {
    readonly group?: string;
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

/** What a policy says of one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

const policyShape: Shape = {
  omitStages: texts,
  omitManagedFields: "flag",
  rules: [
    {
      level: "text",
      ...{
        users: texts,
        userGroups: texts,
        verbs: texts,
        namespaces: texts,
        nonResourceURLs: texts,
        omitStages: texts,
      },
      resources: [{ group: "text", resources: texts, resourceNames: texts }],
      omitManagedFields: "flag",
    },
  ],
};

/** Reads a policy file's content, parsed as YAML or JSON. Throws upstream's words for what is wrong with it. */
export function parseAuditPolicy(content: unknown): AuditPolicy {
  const { apiVersion, kind } = typeOfFile(content);
  if (apiVersion !== "audit.k8s.io/v1" || kind !== "Policy") {
    throw new Error(`unknown group version field ${apiVersion}, Kind=${kind} in policy`);
  }
  const {
    rules = [],
    omitStages = [],
    omitManagedFields = false,
  } = shaped(content, policyShape) as Partial<AuditPolicy>;
  const errors = [
    ...validateStages(omitStages, "omitStages"),
    ...rules.flatMap((rule, i) => validateRule(rule, `rules[${i}]`)),
  ];
  if (errors.length > 0) throw new Error(formatFieldErrors(errors));
  if (rules.length === 0) throw new Error("loaded illegal policy with 0 rules");
  return { rules, omitStages, omitManagedFields };
}

function validateRule(rule: AuditRule, path: string): FieldError[] {
  const { level, nonResourceURLs = [], resources = [], namespaces = [], omitStages = [] } = rule;
  const errors: FieldError[] = [];
  if (!level) errors.push(required(`${path}.level`));
  else if (!auditLevels.includes(level)) errors.push(notSupported(`${path}.level`, level, auditLevels));
  errors.push(...nonResourceURLs.flatMap((url, i) => validateUrl(url, `${path}.nonResourceURLs[${i}]`)));
  for (const { group = "", resources: names = [], resourceNames = [] } of resources) {
    const messages = group === "" || group === "*" ? [] : isDNS1123Subdomain(group);
    if (messages.length > 0) errors.push(invalid(`${path}.resources.group`, group, messages.join(",")));
    if (resourceNames.length > 0 && names.length === 0) {
      errors.push(
        invalid(`${path}.resources.resourceNames`, resourceNames, "using resourceNames requires at least one resource"),
      );
    }
  }
  errors.push(...validateStages(omitStages, `${path}.omitStages`));
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
    errors.push(
      invalid(
        `${path}.nonResourceURLs`,
        nonResourceURLs,
        "rules cannot apply to both regular resources and non-resource URLs",
      ),
    );
  }
  return errors;
}

function validateUrl(url: string, path: string): FieldError[] {
  if (url === "*") return [];
  const errors: FieldError[] = [];
  if (!url.startsWith("/")) errors.push(invalid(path, url, "non-resource URL rules must begin with a '/' character"));
  if (url.slice(0, -1).includes("*"))
    errors.push(invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule"));
  return errors;
}

function validateStages(stages: readonly string[], path: string): FieldError[] {
  return stages.flatMap((stage, i) =>
    (auditStages as readonly string[]).includes(stage)
      ? []
      : [invalid(`${path}[${i}]`, stage, `allowed stages are ${auditStages.join(",")}`)],
  );
}

/** A policy ready to be asked: sets are made once. A request that no rule matches is not audited. */
export function auditEvaluator(policy: AuditPolicy): (attributes: AuthorizationAttributes) => AuditDecision {
  const decisions = policy.rules.map(
    (rule): AuditDecision => ({
      level: rule.level,
      omitStages: new Set([...policy.omitStages, ...(rule.omitStages ?? [])]),
      omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields,
    }),
  );
  const none: AuditDecision = {
    level: "None",
    omitStages: new Set(policy.omitStages),
    omitManagedFields: policy.omitManagedFields,
  };
  return (attributes) => {
    const index = policy.rules.findIndex((rule) => matches(rule, attributes));
    return index < 0 ? none : decisions[index]!;
  };
}

function matches(rule: AuditRule, attributes: AuthorizationAttributes): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  const { user, verb } = attributes;
  if (users.length > 0 && !users.includes(user.username)) return false;
  if (userGroups.length > 0 && !user.groups.some((group) => userGroups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) return matchesResource(rule, attributes);
  if (nonResourceURLs.length > 0)
    return !attributes.isResourceRequest && nonResourceURLs.some((url) => pathMatches(attributes.path, url));
  return true;
}

function pathMatches(path: string, url: string): boolean {
  return url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.replace(/\*+$/, "")));
}

function matchesResource({ namespaces = [], resources = [] }: AuditRule, attributes: AuthorizationAttributes): boolean {
  const { isResourceRequest, namespace, group, resource, subresource, name } = attributes;
  if (!isResourceRequest || (namespaces.length > 0 && !namespaces.includes(namespace))) return false;
  if (resources.length === 0) return true;
  const combined = subresource === "" ? resource : `${resource}/${subresource}`;
  const matchesName = (wanted: string) =>
    wanted === combined ||
    wanted === "*" ||
    (subresource !== "" && wanted === `*/${subresource}`) ||
    wanted === `${resource}/*`;
  return resources.some((one) => {
    if ((one.group ?? "") !== group && one.group !== "*") return false;
    if ((one.resources ?? []).length === 0) return true;
    if ((one.resourceNames ?? []).length > 0 && !one.resourceNames!.includes(name)) return false;
    return one.resources!.some(matchesName);
  });
}
