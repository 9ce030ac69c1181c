import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";

// Levels, versions and what a namespace's labels ask for: pod-security-admission/api.

export type Level = "privileged" | "baseline" | "restricted";

/** Minor of a version `v1.x` of the standards; `latest` is newer than any. */
export type Version = number;
export const latest: Version = Number.POSITIVE_INFINITY;

export interface LevelVersion {
  readonly level: Level;
  readonly version: Version;
}

/** What is refused, what is recorded and what is warned of in a namespace. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

export const labelPrefix = "pod-security.kubernetes.io/";

const levels: readonly Level[] = ["privileged", "baseline", "restricted"];
const versionPattern = /^v1\.([0-9]|[1-9][0-9]*)$/;
const labelsPath = path("metadata", "labels");

export const levelMessage = `must be one of ${levels.join(", ")}`;
export const versionMessage = 'must be "latest" or "v1.x"';

export const privilegedLatest: LevelVersion = { level: "privileged", version: latest };

/** The policy of a cluster that nobody configured: everything is allowed. */
export const privilegedPolicy: Policy = { enforce: privilegedLatest, audit: privilegedLatest, warn: privilegedLatest };

export function parseLevel(text: string): Level | undefined {
  return levels.find((level) => level === text);
}

export function parseVersion(text: string): Version | undefined {
  if (text === "latest") return latest;
  const match = versionPattern.exec(text);
  const minor = match === null ? undefined : Number(match[1]);
  // Upstream reads the digits as a 64-bit integer.
  return minor !== undefined && minor < 2 ** 63 ? minor : undefined;
}

export function versionText(version: Version): string {
  return version === latest ? "latest" : `v1.${version}`;
}

/** `restricted:v1.25`. */
export function levelVersionText({ level, version }: LevelVersion): string {
  return `${level}:${versionText(version)}`;
}

/** Negative where `a` allows more than `b`. For sort(). */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

export function sameLevelVersion(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.version === b.version;
}

/** Whether both come to the same for every pod. */
export function equivalentPolicies(a: Policy, b: Policy): boolean {
  return modes.every(
    (mode) => (a[mode].level === "privileged" && b[mode].level === "privileged") || sameLevelVersion(a[mode], b[mode]),
  );
}

export function isFullyPrivileged({ enforce, audit, warn }: Policy): boolean {
  return enforce.level === "privileged" && audit.level === "privileged" && warn.level === "privileged";
}

export type Mode = "enforce" | "audit" | "warn";
export const modes: readonly Mode[] = ["enforce", "audit", "warn"];

export interface ReadPolicy {
  readonly policy: Policy;
  readonly errors: readonly FieldError[];
}

/**
 * What the labels of a namespace ask for. Where a label cannot be read, enforcement is `restricted`, audit and warnings are
 * `privileged`, and a version is the latest. Warnings follow enforcement where nothing is said of them.
 */
export function policyOf(labels: Readonly<Record<string, string>> | undefined, defaults: Policy): ReadPolicy {
  if (labels === undefined || !hasPolicyLabels(labels)) return { policy: defaults, errors: [] };
  const errors: FieldError[] = [];
  const read = (mode: Mode): LevelVersion => {
    let { level, version } = defaults[mode];
    const levelText = labels[labelPrefix + mode];
    if (levelText !== undefined) {
      const parsed = parseLevel(levelText);
      if (parsed === undefined) errors.push(invalid(labelsPath.key(labelPrefix + mode), levelText, levelMessage));
      level = parsed ?? (mode === "enforce" ? "restricted" : "privileged");
    }
    const versionLabel = `${labelPrefix}${mode}-version`;
    const text = labels[versionLabel];
    if (text !== undefined) {
      const parsed = parseVersion(text);
      if (parsed === undefined) errors.push(invalid(labelsPath.key(versionLabel), text, versionMessage));
      version = parsed ?? latest;
    }
    return { level, version };
  };
  const enforce = read("enforce");
  const audit = read("audit");
  let warn = read("warn");
  const enforced = labels[`${labelPrefix}enforce`];
  if (
    labels[`${labelPrefix}warn`] === undefined &&
    enforced !== undefined &&
    parseLevel(enforced) !== undefined &&
    compareLevels(enforce.level, warn.level) > 0
  ) {
    const saysVersion = labels[`${labelPrefix}warn-version`] !== undefined;
    warn = { level: enforce.level, version: saysVersion ? warn.version : enforce.version };
  }
  return { policy: { enforce, audit, warn }, errors };
}

function hasPolicyLabels(labels: Readonly<Record<string, string>>): boolean {
  for (const key in labels) if (key.startsWith(labelPrefix)) return true;
  return false;
}
