import type { Pod } from "../../../api/generated/types/core-v1.ts";
import { compareText, goQuote } from "../../../apimachinery/text/go-quote.ts";
import { reasonsText, violationsOf } from "./evaluate.ts";
import { type LevelVersion, levelVersionText } from "./level.ts";

/** More pods than this are not looked at. */
const maxPods = 3_000;

export interface ExistingPods {
  readonly namespace: string;
  readonly pods: Iterable<Pod>;
  readonly enforce: LevelVersion;
  readonly exemptRuntimeClasses: ReadonlySet<string>;
  /** Asked after each pod; true ends the search. */
  readonly isOver: () => boolean;
}

/**
 * What is to be said of pods that a namespace already has when it becomes stricter: they go on, but would not be let in
 * again. Of the pods of one controller, the first are looked at first (EvaluatePodsInNamespace).
 */
export function existingPodWarnings({
  namespace,
  pods,
  enforce,
  exemptRuntimeClasses,
  isOver,
}: ExistingPods): string[] {
  const all = prioritized(pods, exemptRuntimeClasses);
  const found = new Map<string, { name: string; count: number }>();
  let checked = 0;
  for (const pod of all.slice(0, maxPods)) {
    checked++;
    const violations = violationsOf(enforce, pod);
    if (violations.length > 0) {
      const reasons = reasonsText(violations);
      const name = pod.metadata.name!;
      const known = found.get(reasons);
      if (known === undefined) found.set(reasons, { name, count: 1 });
      else found.set(reasons, { name: name < known.name ? name : known.name, count: known.count + 1 });
    }
    if (isOver()) break;
  }
  const warnings: string[] = [];
  if (checked < all.length) {
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${checked} of ${all.length} existing pods`,
    );
  }
  if (found.size > 0) {
    const level = goQuote(levelVersionText(enforce));
    warnings.push(
      `existing pods in namespace ${goQuote(namespace)} violate the new PodSecurity enforce level ${level}`,
    );
  }
  const ofPods = [...found].map(([reasons, { name, count }]) => `${name}${others(count - 1)}: ${reasons}`);
  return [...warnings, ...ofPods.sort(compareText)];
}

function others(count: number): string {
  if (count === 0) return "";
  return count === 1 ? " (and 1 other pod)" : ` (and ${count} other pods)`;
}

function prioritized(pods: Iterable<Pod>, exemptRuntimeClasses: ReadonlySet<string>): Pod[] {
  const first: Pod[] = [];
  const more: Pod[] = [];
  const seen = new Set<string>();
  for (const pod of pods) {
    if (exemptRuntimeClasses.has(pod.spec.runtimeClassName ?? "")) continue;
    const controller = pod.metadata.ownerReferences?.find((reference) => reference.controller)?.uid;
    if (controller !== undefined && seen.has(controller)) more.push(pod);
    else first.push(pod);
    if (controller !== undefined) seen.add(controller);
  }
  return [...first, ...more];
}
