import type { AuthorizationAttributes } from "../authorizer.ts";
import type { PolicyRule } from "./types.ts";

/** `pods/log`, or `pods` where no subresource is asked for. */
export function combinedResource(attributes: { readonly resource: string; readonly subresource: string }): string {
  return attributes.subresource === "" ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
}

/** Whether one rule alone allows the request (pkg/apis/rbac/v1 evaluation helpers). `combined` is `combinedResource(attributes)`. */
export function ruleAllows(rule: PolicyRule, attributes: AuthorizationAttributes, combined: string): boolean {
  if (!holds(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResourceRequest) return urlMatches(rule.nonResourceURLs, attributes.path);
  return (
    holds(rule.apiGroups, attributes.group) &&
    resourceMatches(rule.resources, combined, attributes.subresource) &&
    nameMatches(rule.resourceNames, attributes.name)
  );
}

function holds(values: readonly string[] | undefined, wanted: string): boolean {
  if (values === undefined) return false;
  for (const value of values) if (value === wanted || value === "*") return true;
  return false;
}

function resourceMatches(values: readonly string[] | undefined, combined: string, subresource: string): boolean {
  if (values === undefined) return false;
  for (const value of values) {
    if (value === "*" || value === combined) return true;
    if (
      subresource !== "" &&
      value.length === subresource.length + 2 &&
      value.startsWith("*/") &&
      value.endsWith(subresource)
    )
      return true;
  }
  return false;
}

function nameMatches(names: readonly string[] | undefined, name: string): boolean {
  return names === undefined || names.length === 0 || names.includes(name);
}

function urlMatches(urls: readonly string[] | undefined, path: string): boolean {
  if (urls === undefined) return false;
  for (const url of urls) if (url === "*" || urlCovers(url, path)) return true;
  return false;
}

/** True where `owner` is the same path, or ends in `*` and the rest begins `path`. */
export function urlCovers(owner: string, path: string): boolean {
  return owner === path || (owner.endsWith("*") && path.startsWith(owner.replace(/\*+$/, "")));
}
