import { globalFunction, memberFunction } from "../check/function.ts";
import { boolType, intType, stringType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { OpaqueValue, type Result, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { closedType, receive } from "./values.ts";

export const semverType = closedType("kubernetes.Semver");

export class SemverValue extends OpaqueValue {
  readonly type = semverType;
  /** Major, minor, patch. */
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  equals(other: Value): boolean {
    return other instanceof SemverValue && this.compare(other) === 0;
  }

  /** Precedence of SemVer 2.0.0; build metadata does not count. */
  compare(other: SemverValue): number {
    for (const [index, number] of this.numbers.entries()) {
      if (number !== other.numbers[index]) return number < other.numbers[index]! ? -1 : 1;
    }
    if (this.prerelease.length === 0 || other.prerelease.length === 0) {
      return Math.sign(other.prerelease.length - this.prerelease.length);
    }
    for (const [index, part] of this.prerelease.entries()) {
      const theirs = other.prerelease[index];
      if (theirs === undefined) return 1;
      const order = comparePart(part, theirs);
      if (order !== 0) return order;
    }
    return this.prerelease.length < other.prerelease.length ? -1 : 0;
  }
}

const digits = /^\d+$/;

function comparePart(a: string, b: string): number {
  const [left, right] = [digits.test(a), digits.test(b)];
  if (left && right) return BigInt(a) === BigInt(b) ? 0 : BigInt(a) < BigInt(b) ? -1 : 1;
  if (left !== right) return left ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** As github.com/blang/semver parses, with its words for what is wrong. */
export function parseSemver(text: string): SemverValue | CelError {
  if (text === "") return new CelError("Version string empty");
  const dots = text.split(".");
  if (dots.length < 3) return new CelError("No Major.Minor.Patch elements found");
  const [major, minor] = dots as [string, string];
  const rest = dots.slice(2).join(".");
  const buildAt = rest.indexOf("+");
  const core = buildAt < 0 ? rest : rest.slice(0, buildAt);
  const build = buildAt < 0 ? [] : rest.slice(buildAt + 1).split(".");
  const dash = core.indexOf("-");
  const patch = dash < 0 ? core : core.slice(0, dash);
  const prerelease = dash < 0 ? [] : core.slice(dash + 1).split(".");
  const numbers: bigint[] = [];
  for (const [name, number] of [
    ["major", major],
    ["minor", minor],
    ["patch", patch],
  ] as const) {
    if (!digits.test(number)) {
      const shown = name === "patch" ? "Patch" : name === "minor" ? "Minor" : "Major";
      return new CelError(`Invalid character(s) found in ${shown.toLowerCase()} number "${number}"`);
    }
    if (number.length > 1 && number.startsWith("0")) {
      const shown = name[0]!.toUpperCase() + name.slice(1);
      return new CelError(`${shown} number must not contain leading zeroes "${number}"`);
    }
    numbers.push(BigInt(number));
  }
  for (const part of prerelease) {
    if (part === "") return new CelError("Prerelease is empty");
    if (!/^[0-9A-Za-z-]+$/.test(part)) return new CelError(`Invalid character(s) found in prerelease "${part}"`);
    if (digits.test(part) && part.length > 1 && part.startsWith("0")) {
      return new CelError(`Numeric PreRelease version must not contain leading zeroes "${part}"`);
    }
  }
  for (const part of build) {
    if (part === "") return new CelError("Build meta data is empty");
    if (!/^[0-9A-Za-z-]+$/.test(part)) return new CelError(`Invalid character(s) found in build meta data "${part}"`);
  }
  return new SemverValue(numbers, prerelease);
}

/** `v1.02` is 1.2.0: a leading v, leading zeros and missing numbers are mended. */
function normalized(text: string): SemverValue | CelError {
  const split = (text.startsWith("v") ? text.slice(1) : text).split(".");
  const parts = split.length > 3 ? [split[0]!, split[1]!, split.slice(2).join(".")] : split;
  const mended = parts.map((part) => {
    if (part.length <= 1) return part;
    const rest = part.replace(/^0+/, "");
    return rest === "" || !/^\d/.test(rest) ? `0${rest}` : rest;
  });
  if (mended.length < 3 && /[+-]/.test(mended.at(-1)!)) {
    return new CelError("short version cannot contain PreRelease/Build meta data");
  }
  while (mended.length < 3) mended.push("0");
  return parseSemver(mended.join("."));
}

function toSemver([text, normalize]: readonly Value[]): SemverValue | CelError {
  return normalize === true ? normalized(text as string) : parseSemver(text as string);
}

const isSemver = (args: readonly Value[]): Result => !(toSemver(args) instanceof CelError);

function two(use: (order: number) => Result) {
  return receive(SemverValue, (version, [other]) =>
    other instanceof SemverValue ? use(version.compare(other)) : new CelError("no such overload"),
  );
}

const [one, pair] = [[semverType], [semverType, semverType]];
const number = (index: number) => receive(SemverValue, ({ numbers }) => numbers[index]!);

/** Upstream: apiserver/pkg/cel/library/semverlib.go, version 1. */
export const semverLibrary: Library = {
  name: "kubernetes.Semver",
  types: new Map([[semverType.name, semverType]]),
  functions: [
    globalFunction(
      "semver",
      ["string_to_semver", [stringType], semverType, toSemver],
      ["string_bool_to_semver", [stringType, boolType], semverType, toSemver],
    ),
    globalFunction(
      "isSemver",
      ["is_semver_string", [stringType], boolType, isSemver],
      ["is_semver_string_bool", [stringType, boolType], boolType, isSemver],
    ),
    memberFunction("isGreaterThan", ["semver_is_greater_than", pair, boolType, two((order) => order > 0)]),
    memberFunction("isLessThan", ["semver_is_less_than", pair, boolType, two((order) => order < 0)]),
    memberFunction("compareTo", ["semver_compare_to", pair, intType, two((order) => BigInt(order))]),
    memberFunction("major", ["semver_major", one, intType, number(0)]),
    memberFunction("minor", ["semver_minor", one, intType, number(1)]),
    memberFunction("patch", ["semver_patch", one, intType, number(2)]),
  ],
};
