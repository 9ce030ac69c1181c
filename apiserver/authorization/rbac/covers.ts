import type { UserInfo } from "../../../apimachinery/resource/object.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { quoteList } from "../messages.ts";
import { urlCovers } from "./rules.ts";
import type { PolicyRule } from "./types.ts";

export interface Coverage {
  readonly covered: boolean;
  /** The parts of the requested rules that nothing covers, each with one verb, one resource and at most one name. */
  readonly missing: readonly PolicyRule[];
}

/**
 * Whether everything `requestedRules` allow is allowed by `ownerRules` (component-helpers/auth/rbac/validation Covers).
 * Requested rules are broken into their smallest parts, each of which a single owner rule covers or none does.
 */
export function covers(ownerRules: readonly PolicyRule[], requestedRules: readonly PolicyRule[]): Coverage {
  const missing: PolicyRule[] = [];
  for (const rule of requestedRules) {
    for (const part of breakdownRule(rule))
      if (!ownerRules.some((owner) => ruleCovers(owner, part))) missing.push(part);
  }
  return { covered: missing.length === 0, missing };
}

/** An equivalent list of rules, each with one verb and either one group, one resource and at most one name, or one URL. */
export function breakdownRule(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = [];
  const names = rule.resourceNames ?? [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (names.length === 0) parts.push(part);
        else for (const name of names) parts.push({ ...part, resourceNames: [name] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? [])
    for (const verb of rule.verbs) parts.push({ nonResourceURLs: [url], verbs: [verb] });
  return parts;
}

const none: readonly string[] = [];

function ruleCovers(owner: PolicyRule, part: PolicyRule): boolean {
  const ownerNames = owner.resourceNames ?? none;
  return (
    listCovers(owner.verbs, part.verbs) &&
    listCovers(owner.apiGroups ?? none, part.apiGroups ?? none) &&
    resourcesCover(owner.resources ?? none, part.resources ?? none) &&
    (ownerNames.length === 0 ||
      ((part.resourceNames?.length ?? 0) > 0 && part.resourceNames!.every((name) => ownerNames.includes(name)))) &&
    (part.nonResourceURLs ?? none).every((url) =>
      (owner.nonResourceURLs ?? none).some((ownerUrl) => urlCovers(ownerUrl, url)),
    )
  );
}

function listCovers(owner: readonly string[], wanted: readonly string[]): boolean {
  return owner.includes("*") || wanted.every((value) => owner.includes(value));
}

function resourcesCover(owner: readonly string[], wanted: readonly string[]): boolean {
  return (
    owner.includes("*") ||
    wanted.every((resource) => {
      if (owner.includes(resource)) return true;
      const slash = resource.indexOf("/");
      return slash >= 0 && owner.includes(`*${resource.slice(slash)}`);
    })
  );
}

/** Joins rules that differ only by verb; upstream does so before it shows missing rights (CompactRules). */
function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted: PolicyRule[] = [];
  const simple = new Map<string, { -readonly [K in keyof PolicyRule]: PolicyRule[K] }>();
  for (const rule of rules) {
    const key = simpleKey(rule);
    if (key === undefined) {
      compacted.push(rule);
      continue;
    }
    const found = simple.get(key);
    if (found) found.verbs = [...found.verbs, ...rule.verbs];
    else simple.set(key, { ...rule });
  }
  return [...compacted, ...simple.values()];
}

function simpleKey(rule: PolicyRule): string | undefined {
  const names = rule.resourceNames ?? [];
  if (names.length > 1 || (rule.nonResourceURLs?.length ?? 0) > 0) return undefined;
  if (rule.apiGroups?.length !== 1 || rule.resources?.length !== 1) return undefined;
  return JSON.stringify([rule.apiGroups[0], rule.resources[0], ...names]);
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`, as escalation messages show a rule. */
function compactString(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (label: string, values: readonly string[] | undefined) => {
    if (values !== undefined && values.length > 0) parts.push(`${label}:${quoteList(values)}`);
  };
  add("APIGroups", rule.apiGroups);
  add("Resources", rule.resources);
  add("NonResourceURLs", rule.nonResourceURLs);
  add("ResourceNames", rule.resourceNames);
  add("Verbs", rule.verbs);
  return `{${parts.join(", ")}}`;
}

/**
 * Why `user`, who holds `ownerRules`, may not hand out `requestedRules`; undefined where nothing is missing
 * (pkg/registry/rbac/validation ConfirmNoEscalation). `resolutionErrors` are roles that could not be found on the way.
 */
export function escalationMessage(
  user: UserInfo,
  ownerRules: readonly PolicyRule[],
  requestedRules: readonly PolicyRule[],
  resolutionErrors: readonly string[] = [],
): string | undefined {
  const { covered, missing } = covers(ownerRules, requestedRules);
  if (covered) return undefined;
  const descriptions = [...new Set(compactRules(missing).map(compactString))].sort();
  const message = `user ${goQuote(user.username)} (groups=${quoteList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${descriptions.join("\n")}`;
  return resolutionErrors.length === 0 ? message : `${message}; resolution errors: [${resolutionErrors.join(" ")}]`;
}
