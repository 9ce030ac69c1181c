import { isJsonObject } from "../json/json.ts";
import { canonicalElement, compareElements, fieldElement, type PathElement } from "./path-element.ts";

/**
 * A set of fields, in the very shape that the wire has (FieldsV1): a tree of path elements. A node is a member of the set if
 * it holds `.` or nothing at all; a node that only leads to members is none itself. The root is the object as a whole, which
 * is never a member, so `{}` is the empty set.
 *
 * Sets are immutable, their keys are in the wire's order, and operations share whatever did not change: an operation that
 * changes nothing returns the very set it was given, which is how callers notice.
 */
export interface FieldSet {
  readonly [element: PathElement]: FieldSet;
}

/** A field that is a member and has no members within. As a root: the empty set. */
export const leaf: FieldSet = Object.freeze({});
export const emptySet: FieldSet = leaf;
const self = ".";

/** A set under construction. */
export type FieldTree = { [element: PathElement]: FieldTree };

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether a node below the root is itself in the set. */
export function isMember(node: FieldSet): boolean {
  return node[self] !== undefined || isEmptySet(node);
}

function hasChildren(node: FieldSet): boolean {
  for (const element in node) if (element !== self) return true;
  return false;
}

/** The set that consists of the given paths of field names: `fieldSet(["spec"], ["metadata", "labels"])`. */
export function fieldSet(...paths: readonly (readonly string[])[]): FieldSet {
  let set = emptySet;
  for (const path of paths) set = unionOf(set, singleton(path.map(fieldElement)));
  return set;
}

/** The set of one path of elements. */
export function singleton(path: readonly PathElement[]): FieldSet {
  let node = leaf;
  for (let i = path.length - 1; i >= 0; i--) node = { [path[i]!]: node };
  return node;
}

/** Whether the field at this path is in the set. */
export function hasPath(set: FieldSet, path: readonly PathElement[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = node[element];
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** Members of either. */
export function unionOf(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  return isEmptySet(a) ? b : joinChildren(a, b, false);
}

function joinNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const member = isMember(a) || isMember(b);
  if (!hasChildren(b)) return member && hasChildren(a) ? withSelf(a) : a;
  if (!hasChildren(a)) return member ? withSelf(b) : b;
  return joinChildren(a, b, member);
}

function withSelf(node: FieldSet): FieldSet {
  return node[self] !== undefined ? node : { [self]: leaf, ...node };
}

function joinChildren(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  const joined: FieldTree = {};
  if (member) joined[self] = leaf as FieldTree;
  let changed = member && a[self] === undefined;
  let added = false;
  for (const element in a) {
    if (element === self) continue;
    const other = b[element];
    const node = other === undefined ? a[element]! : joinNodes(a[element]!, other);
    if (node !== a[element]) changed = true;
    joined[element] = node as FieldTree;
  }
  for (const element in b) {
    if (element === self || joined[element] !== undefined) continue;
    joined[element] = b[element] as FieldTree;
    added = true;
  }
  if (added) return sortedNode(joined);
  return changed ? joined : a;
}

/** The node with its elements in the wire's order; itself where they are already. */
export function sortedNode(node: FieldTree): FieldTree {
  let last: string | undefined;
  for (const element in node) {
    if (element === self) {
      if (last !== undefined) return rebuilt(node);
      continue;
    }
    if (last !== undefined && compareElements(last, element) > 0) return rebuilt(node);
    last = element;
  }
  return node;
}

function rebuilt(node: FieldTree): FieldTree {
  const sorted: FieldTree = {};
  if (node[self] !== undefined) sorted[self] = node[self];
  const elements = Object.keys(node).filter((element) => element !== self);
  for (const element of elements.sort(compareElements)) sorted[element] = node[element]!;
  return sorted;
}

/** What becomes of a node that both sets have: the members left of it, or undefined. */
type Combine = (a: FieldSet, b: FieldSet) => FieldSet | undefined;

/** Members of `a` that are not members of `b`. Removing a field leaves the fields within it. */
export function differenceOf(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(a) ? a : (keepChildren(a, b, false, subtract) ?? emptySet);
}

const subtract: Combine = (a, b) => keepChildren(a, b, isMember(a) && !isMember(b), subtract);

/** As `differenceOf`, but what `b` has goes with everything within it. */
export function recursiveDifferenceOf(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(a) ? a : (keepChildren(a, b, false, cut) ?? emptySet);
}

const cut: Combine = (a, b) => (isMember(b) ? undefined : keepChildren(a, b, isMember(a), cut));

/** `a` without what `combine` takes away below; children that only `a` has stay. */
function keepChildren(a: FieldSet, b: FieldSet, member: boolean, combine: Combine): FieldSet | undefined {
  const kept: FieldTree = {};
  if (member) kept[self] = leaf as FieldTree;
  let changed = member !== (a[self] !== undefined);
  let any = false;
  for (const element in a) {
    if (element === self) continue;
    const other = b[element];
    const node = other === undefined ? a[element] : combine(a[element]!, other);
    if (node !== a[element]) changed = true;
    if (node === undefined) continue;
    kept[element] = node as FieldTree;
    any = true;
  }
  if (!any) return member ? (isEmptySet(a) ? a : leaf) : undefined;
  return changed ? kept : a;
}

/** Members of both. */
export function intersectionOf(a: FieldSet, b: FieldSet): FieldSet {
  return common(a, b, false) ?? emptySet;
}

function common(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  let kept: FieldTree | undefined;
  for (const element in a) {
    if (element === self) continue;
    const x = a[element]!;
    const y = b[element];
    if (y === undefined) continue;
    const node = common(x, y, isMember(x) && isMember(y));
    if (node === undefined) continue;
    kept ??= member ? { [self]: leaf as FieldTree } : {};
    kept[element] = node as FieldTree;
  }
  return kept ?? (member ? leaf : undefined);
}

/** Members that have no members within. */
export function leavesOf(set: FieldSet): FieldSet {
  const leaves: FieldTree = {};
  for (const element in set) {
    if (element === self) continue;
    leaves[element] = (hasChildren(set[element]!) ? leavesOf(set[element]!) : leaf) as FieldTree;
  }
  return leaves;
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const element in a) {
    const other = b[element];
    if (other === undefined || !equalSets(a[element]!, other)) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

/** Every member's path: at each level the members first, then what lies within, as upstream lists conflicts. */
export function pathsOf(set: FieldSet): PathElement[][] {
  const paths: PathElement[][] = [];
  collectPaths(set, [], paths);
  return paths;
}

function collectPaths(node: FieldSet, prefix: PathElement[], paths: PathElement[][]): void {
  for (const element in node) {
    if (element !== self && isMember(node[element]!)) paths.push([...prefix, element]);
  }
  for (const element in node) {
    if (element !== self && hasChildren(node[element]!)) collectPaths(node[element]!, [...prefix, element], paths);
  }
}

/** Sets known to be in their canonical form. */
const canonical = new WeakSet<object>();

/** Marks a set that this module made, so that reading it back is free. */
export function rememberCanonical(set: FieldSet): FieldSet {
  canonical.add(set);
  return set;
}

/**
 * A FieldsV1 value of the wire as a set: spelled and ordered canonically, unknown kinds of elements left out. The very value
 * where it is canonical already. Throws for what is no FieldsV1.
 */
export function parseFieldSet(fields: unknown): FieldSet {
  if (fields === undefined || fields === null) return emptySet;
  if (canonical.has(fields)) return fields as FieldSet;
  const set = parseNode(fields) as FieldSet;
  const root = set[self] === undefined ? set : (({ [self]: _, ...rest }) => rest)(set);
  canonical.add(root);
  return root;
}

function parseNode(fields: unknown): FieldTree {
  if (fields === null) return leaf as FieldTree;
  if (!isJsonObject(fields)) throw new Error("expected an object in FieldsV1");
  const parsed: FieldTree = {};
  let changed = false;
  let children = false;
  for (const key of Object.keys(fields)) {
    if (key === self) {
      parsed[self] = leaf as FieldTree;
      continue;
    }
    const element = canonicalElement(key);
    if (element === undefined) {
      changed = true;
      continue;
    }
    const node = parseNode(fields[key]);
    changed ||= element !== key || node !== fields[key];
    parsed[element] = node;
    children = true;
  }
  if (!children) return changed || parsed[self] !== undefined ? (leaf as FieldTree) : (fields as unknown as FieldTree);
  const sorted = sortedNode(parsed);
  return changed || sorted !== parsed ? sorted : (fields as unknown as FieldTree);
}
