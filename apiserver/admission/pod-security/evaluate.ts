import type { CheckPod, PodView, Violation } from "./check.ts";
import { allChecks } from "./checks/all.ts";
import type { Level, LevelVersion, Version } from "./level.ts";

/** From this version on nothing changes: later ones, and `latest`, are this one. */
export const newestVersion: Version = Math.max(...allChecks.flatMap(({ versions }) => versions.map((v) => v.since)));

const byLevel: Readonly<Record<"baseline" | "restricted", readonly (readonly CheckPod[])[]>> = {
  baseline: everyVersion("baseline"),
  restricted: everyVersion("restricted"),
};

function everyVersion(level: Level): readonly (readonly CheckPod[])[] {
  return Array.from({ length: newestVersion + 1 }, (_, version) => checksAt(level, version));
}

/** What a level checked in a version: the restricted level checks the baseline too, but for what it says more strictly. */
function checksAt(level: Level, version: Version): readonly CheckPod[] {
  const active = allChecks
    .filter((check) => check.level === "baseline" || level === "restricted")
    .map(({ id, versions }) => ({ id, at: versions.findLast(({ since }) => since <= version) }));
  const overridden = new Set(active.flatMap(({ at }) => at?.overrides ?? []));
  return active.flatMap(({ id, at }) => (at === undefined || overridden.has(id) ? [] : [at.check]));
}

/** Everything that a pod breaks of a level, in upstream's order; empty where it may run. Pure. */
export function violationsOf({ level, version }: LevelVersion, pod: PodView): readonly Violation[] {
  if (level === "privileged") return [];
  const found: Violation[] = [];
  for (const check of byLevel[level][Math.min(version, newestVersion)]!) {
    const violation = check(pod);
    if (violation !== undefined) found.push(violation);
  }
  return found;
}

/** `privileged, hostPort`. */
export function reasonsText(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(", ");
}

/** `privileged (container "a" must not set …), host namespaces (hostPID=true)`. */
export function detailsText(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === "" ? reason : `${reason} (${detail})`)).join(", ");
}
