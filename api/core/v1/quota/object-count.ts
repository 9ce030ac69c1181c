import { objectCountName, type QuotaEvaluator } from "./evaluator.ts";

/** Objects that only count; `alias` is what quotas called that before there were `count/` names. */
export function objectCountEvaluator(group: string, plural: string, alias?: string): QuotaEvaluator {
  const names = [objectCountName(group, plural), ...(alias === undefined ? [] : [alias])];
  const usage = Object.fromEntries(names.map((name) => [name, "1"]));
  return {
    group,
    plural,
    knowsScopes: false,
    handles: ({ operation, subresource }) => operation === "CREATE" && subresource === "",
    matchingResources: (wanted) => wanted.filter((name) => names.includes(name)),
    matchesScope: () => false,
    constraint: () => undefined,
    usage: () => usage,
  };
}
