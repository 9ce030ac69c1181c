import { FormatValue } from "../libraries/named-formats.ts";
import { CelError } from "../values/error.ts";
import { typeOf } from "../values/kind.ts";
import { ListValue, MapValue, OpaqueValue, type Result } from "../values/value.ts";
import { actualSize, type CostRule, listCost, matchCost, stringFactor, structCost, traverse } from "./runtime.ts";

/** A check asks the authorizer: two of them fill an expression's budget. */
export const checkCost = 350_000;

/** A selector of n characters is a list of up to n/2 requirements, each a struct and a list. */
export function selectorCost(length: number): number {
  return listCost + traverse(length) + Math.ceil(Math.ceil(length * 0.5) * (listCost + structCost));
}

/** One walk over all that a value holds. */
function traversalCost(value: Result | undefined): number {
  if (typeof value === "string") return Math.floor(Buffer.byteLength(value) * stringFactor);
  if (value instanceof Uint8Array) return Math.floor(value.length * stringFactor);
  let cost = 0;
  if (value instanceof ListValue) {
    for (let index = 0; index < value.size(); index++) cost += traversalCost(value.at(index));
    return cost;
  }
  if (value instanceof MapValue) {
    for (const key of value.keys()) cost += traversalCost(key) + traversalCost(value.get(key));
    return cost;
  }
  return 1;
}

const nominal: CostRule = () => 1;
const once: CostRule = ([first]) => traverse(actualSize(first));
const twice: CostRule = ([first]) => Math.ceil(actualSize(first) * 2 * stringFactor);
const walk: CostRule = ([first]) => traversalCost(first);
const pattern: CostRule = ([text, regex]) => matchCost(actualSize(text), actualSize(regex));
const selector: CostRule = ([, text]) => selectorCost(actualSize(text));

const allocated = (factor: number, size: number): number => Math.floor(size * factor) + 1 + listCost;

function selfCompared(list: Result | undefined): number {
  const size = actualSize(list);
  const first = list instanceof ListValue && size > 0 ? list.at(0) : undefined;
  const text = first !== undefined && !(first instanceof CelError) && ["string", "bytes"].includes(typeOf(first).name);
  return allocated(text ? 2 + stringFactor : 2, size * size);
}

const outputSize: CostRule = (_args, result) => allocated(1, actualSize(result));
const sets =
  (factor: number): CostRule =>
  ([left, right]) =>
    1 + Math.floor(actualSize(left) * actualSize(right) * factor);

const containsIP: CostRule = ([cidr, other], _result, overload) => {
  const size = actualSize(cidr);
  return (
    Math.ceil((size + size) * stringFactor) + (overload === "cidr_contains_ip_string" ? traverse(actualSize(other)) : 0)
  );
};

const containsCIDR: CostRule = ([cidr, other], _result, overload) => {
  const size = actualSize(cidr);
  const compared = Math.ceil((size + size) * stringFactor) + traverse(size) + 1;
  return compared + (overload === "cidr_contains_cidr_string" ? traverse(actualSize(other)) : 0);
};

const rules: readonly (readonly [names: string, rule: CostRule])[] = [
  ["check", () => checkCost],
  ["serviceAccount path group resource subresource namespace name allowed reason error errored", nominal],
  ["fieldSelector labelSelector", selector],
  ["isSorted sum max min indexOf lastIndexOf", walk],
  ["url lowerAscii upperAscii substring trim jsonpatch.escapeKey", once],
  ["replace split", twice],
  ["join", (_args, result) => Math.ceil(actualSize(result) * 2 * stringFactor)],
  ["find findAll", pattern],
  ["cidr isIP isCIDR quantity isQuantity semver isSemver", once],
  ["ip", ([first], _result, overload) => (overload === "cidr_ip" ? 1 : traverse(actualSize(first)))],
  ["ip.isCanonical", twice],
  [
    "masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast",
    nominal,
  ],
  ["containsIP", containsIP],
  ["containsCIDR", containsCIDR],
  [
    "validate",
    ([format, text]) => (format instanceof FormatValue ? matchCost(actualSize(text), format.patternLength) : undefined),
  ],
  ["format.named", nominal],
  ["sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch", nominal],
  ["getScheme getHostname getHost getPort getEscapedPath getQuery", nominal],
  ["_==_", ([left]) => (left instanceof OpaqueValue ? 1 : undefined)],
  [
    "slice lists.range reverse",
    (args, result, overload) => (overload.startsWith("string_") ? undefined : outputSize(args, result, overload)),
  ],
  ["flatten", ([list, depth]) => allocated(typeof depth === "bigint" ? Number(depth) : 1, actualSize(list))],
  ["distinct sort", ([list]) => selfCompared(list)],
  ["@sortByAssociatedKeys", ([, keys]) => selfCompared(keys)],
  ["sets.contains sets.intersects", sets(1)],
  ["sets.equivalent", sets(2)],
];

/**
 * Costs of the functions that Kubernetes adds, by name.
 * Upstream: apiserver/pkg/cel/library/cost.go (CallCost); lists and sets: cel-go ext/lists.go, ext/sets.go.
 */
export const kubernetesCosts: ReadonlyMap<string, CostRule> = new Map(
  rules.flatMap(([names, rule]) => names.split(" ").map((name) => [name, rule] as const)),
);
