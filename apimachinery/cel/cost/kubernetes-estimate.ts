import type { CelType } from "../types/type.ts";
import type { CallEstimate, CallEstimator, CostNode } from "./estimate.ts";
import { checkCost } from "./kubernetes.ts";
import { addRanges, fixed, maxCost, multiplyRanges, type Range, scale } from "./range.ts";
import { listCost, regexFactor, stringFactor, structCost } from "./runtime.ts";

/** Bytes of an address: 4 or 16, twice. */
const address: Range = { min: 4, max: 16 };
const maxFormatSize = 64;
const maxNameFormatPattern = 128;

type Call = Parameters<CallEstimator>[0];

const one = (): CallEstimate => ({ cost: fixed(1) });

/** A walk over the first argument. */
function firstOnce({ args, sizeOf }: Call): CallEstimate | undefined {
  return args[0] === undefined ? undefined : { cost: scale(sizeOf(args[0]), stringFactor) };
}

function sameSize({ target, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  return { cost: scale(size, stringFactor), size };
}

function itemNode({ path, type }: CostNode): CostNode | undefined {
  const item: CelType | undefined = type.parameters[0];
  if (item === undefined) return undefined;
  return {
    path: path === undefined ? undefined : [...path, "@items"],
    type: item,
    size: undefined,
    expression: undefined,
  };
}

function selector({ args, sizeOf }: Call): CallEstimate | undefined {
  if (args.length !== 1) return undefined;
  const length = sizeOf(args[0]!);
  const requirements = scale(scale(length, 0.5), listCost + structCost);
  return { cost: addRanges(fixed(listCost), scale(length, stringFactor), requirements) };
}

/** One comparison an item, longer for texts; on a text, a walk over it. */
function listWalk({ target, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const item = itemNode(target);
  if (item === undefined) return { cost: scale(sizeOf(target), stringFactor) };
  let cost = fixed(1);
  if (item.type.kind === "string" || item.type.kind === "bytes")
    cost = addRanges(cost, scale(sizeOf(item), stringFactor));
  return { cost: multiplyRanges(sizeOf(target), cost) };
}

/** How many replacements there are at least and at most decides the size of the result. */
function replace({ target, args, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined || args.length < 2) return undefined;
  const [size, old, by] = [sizeOf(target), sizeOf(args[0]!), sizeOf(args[1]!)];
  let [minCount, maxCount, minKept, maxKept] = [0, 0, 0, 0];
  if (old.min === 0) {
    maxCount = size.max < maxCost ? size.max + 1 : size.max;
    maxKept = size.max;
  } else if (by.max <= old.min) maxKept = size.max;
  else maxCount = Math.ceil(size.max / old.min);
  if (old.max === 0) {
    minCount = size.min < maxCost ? size.min + 1 : size.min;
    minKept = size.min;
  } else if (old.max <= by.min) minKept = size.min;
  else minCount = Math.ceil(size.min / old.max);
  const replaced = multiplyRanges({ min: minCount, max: maxCount }, by);
  return { cost: scale(size, 2 * stringFactor), size: addRanges(replaced, { min: minKept, max: maxKept }) };
}

function split({ target, args, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  const limit = args[1]?.expression;
  const known = limit?.kind === "literal" && typeof limit.value === "bigint" ? limit.value : undefined;
  // A negative limit, turned into an unsigned number as upstream does, is no limit.
  const max = known === undefined ? size.max : known < 0n ? maxCost : Number(known);
  return { cost: scale(size, 2 * stringFactor), size: { min: 0, max } };
}

function join({ target, args, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const list = sizeOf(target);
  const item = itemNode(target);
  let size = item === undefined ? fixed(0) : multiplyRanges(list, sizeOf(item));
  if (args[0] !== undefined) {
    const separators = { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) };
    size = addRanges(size, multiplyRanges(sizeOf(args[0]), separators));
  }
  return { cost: scale(size, stringFactor), size };
}

function find({ target, args, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined || args.length === 0) return undefined;
  const size = sizeOf(target);
  const text = scale(addRanges(size, fixed(1)), stringFactor);
  return { cost: multiplyRanges(text, scale(sizeOf(args[0]!), regexFactor)), size: { min: 0, max: size.max } };
}

function contains(block: boolean): (call: Call) => CallEstimate | undefined {
  return ({ args, overload, sizeOf }) => {
    if (args.length === 0) return undefined;
    let cost = scale(addRanges(address, address), stringFactor);
    if (block) cost = addRanges(cost, scale(address, stringFactor), fixed(1));
    const parsed = overload === "cidr_contains_ip_string" || overload === "cidr_contains_cidr_string";
    return { cost: parsed ? addRanges(cost, scale(sizeOf(args[0]!), stringFactor)) : cost };
  };
}

function validate({ args, sizeOf }: Call): CallEstimate | undefined {
  if (args.length === 0) return undefined;
  return { cost: scale(scale(sizeOf(args[0]!), stringFactor), maxNameFormatPattern * regexFactor) };
}

const constantEquality = new Set([
  "kubernetes.Quantity",
  "kubernetes.Semver",
  ...["Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision"].map(
    (name) => `kubernetes.authorization.${name}`,
  ),
  "net.IP",
  "net.CIDR",
]);

function equality({ args }: Call): CallEstimate | undefined {
  const [left, right] = args;
  if (left === undefined || right === undefined || !left.type.equals(right.type)) return undefined;
  const { name } = left.type;
  if (constantEquality.has(name)) return one();
  if (name === "kubernetes.NamedFormat") return { cost: scale({ min: 1, max: maxFormatSize }, stringFactor) };
  if (name !== "kubernetes.URL") return undefined;
  return { cost: scale({ min: 1, max: right.size?.max ?? 1 }, stringFactor) };
}

function allocating(factor: number, size: Range): CallEstimate {
  return { cost: addRanges(scale(size, factor), fixed(1), fixed(listCost)), size };
}

function literalOr(node: CostNode | undefined, otherwise: number): number {
  const e = node?.expression;
  if (e?.kind !== "literal" || typeof e.value !== "bigint") return otherwise;
  return e.value < 0n ? 0 : Number(e.value);
}

function sorted({ target, args, overload, sizeOf }: Call): CallEstimate | undefined {
  const node = args[0] ?? target;
  if (node === undefined) return undefined;
  const text = /^list_(string|bytes)_/.test(overload);
  const size = sizeOf(node);
  return allocating(text ? 2 + stringFactor : 2, multiplyRanges(size, size));
}

function sets(factor: number): (call: Call) => CallEstimate | undefined {
  return ({ args, sizeOf }) => {
    if (args.length !== 2) return undefined;
    return { cost: addRanges(scale(multiplyRanges(sizeOf(args[0]!), sizeOf(args[1]!)), factor), fixed(1)) };
  };
}

function slice({ target, args, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const from = literalOr(args[0], 0);
  const to = literalOr(args[1], sizeOf(target).max);
  // Unsigned subtraction upstream: an end before the start is as good as no bound.
  return allocating(1, fixed(to < from ? maxCost : to - from));
}

function flatten({ target, args, sizeOf }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  return allocating(args.length === 1 ? literalOr(args[0], maxCost) : 1, sizeOf(target));
}

const estimators: readonly (readonly [names: string, estimate: (call: Call) => CallEstimate | undefined])[] = [
  ["check", () => ({ cost: fixed(checkCost) })],
  ["serviceAccount path group resource subresource namespace name allowed reason error errored", one],
  ["fieldSelector labelSelector", selector],
  ["isSorted sum max min indexOf lastIndexOf", listWalk],
  [
    "url jsonpatch.escapeKey",
    (call) => {
      const [argument] = call.args;
      return argument === undefined ? undefined : { ...firstOnce(call)!, size: call.sizeOf(argument) };
    },
  ],
  ["lowerAscii upperAscii substring trim", sameSize],
  ["replace", replace],
  ["split", split],
  ["join", join],
  ["find findAll", find],
  ["cidr isIP isCIDR quantity isQuantity semver isSemver", firstOnce],
  ["ip", (call) => (call.overload === "cidr_ip" ? one() : firstOnce(call))],
  [
    "ip.isCanonical",
    ({ args, sizeOf }) => (args[0] === undefined ? undefined : { cost: scale(sizeOf(args[0]), 2 * stringFactor) }),
  ],
  ["masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast", one],
  ["containsIP", contains(false)],
  ["containsCIDR", contains(true)],
  ["validate", validate],
  [
    "format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch",
    one,
  ],
  ["getScheme getHostname getHost getPort getEscapedPath getQuery", one],
  ["_==_", equality],
  ["slice", slice],
  ["lists.range", ({ args }) => allocating(1, fixed(literalOr(args[0], maxCost)))],
  [
    "reverse",
    ({ target, overload, sizeOf }) =>
      target === undefined || overload !== "list_reverse" ? undefined : allocating(1, sizeOf(target)),
  ],
  ["flatten", flatten],
  [
    "distinct",
    ({ target, sizeOf }) =>
      target === undefined ? undefined : allocating(2, multiplyRanges(sizeOf(target), sizeOf(target))),
  ],
  ["sort @sortByAssociatedKeys", sorted],
  ["sets.contains sets.intersects", sets(1)],
  ["sets.equivalent", sets(2)],
];

/** Estimates for the functions that Kubernetes adds. Upstream: apiserver/pkg/cel/library/cost.go, EstimateCallCost. */
export const kubernetesEstimates: ReadonlyMap<string, CallEstimator> = new Map(
  estimators.flatMap(([names, estimate]) => names.split(" ").map((name) => [name, estimate] as const)),
);
