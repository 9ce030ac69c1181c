import type { Container, EphemeralContainer, PodSpec } from "../../../api/generated/types/core-v1.ts";
import type { ObjectMeta } from "../../../apimachinery/resource/object.ts";
import { compareText } from "../../../apimachinery/text/go-quote.ts";
import type { Version } from "./level.ts";

/** What a check looks at: a pod, or the template of one. */
export interface PodView {
  readonly metadata: Pick<ObjectMeta, "annotations">;
  readonly spec: Partial<PodSpec>;
}

/** What a pod breaks of one rule. */
export interface Violation {
  /** In few words, without names: the same for pods of the same kind. */
  readonly reason: string;
  /** Which containers and fields; may be empty. */
  readonly detail: string;
}

export type CheckPod = (pod: PodView) => Violation | undefined;

/** One rule of the Pod Security Standards, as it was from each version on. */
export interface Check {
  readonly id: string;
  readonly level: "baseline" | "restricted";
  /** Rising. */
  readonly versions: readonly {
    readonly since: Version;
    readonly check: CheckPod;
    /** Checks of `baseline` that this one makes superfluous at level `restricted`. */
    readonly overrides?: readonly string[];
  }[];
}

export type AnyContainer = Container | EphemeralContainer;

/** Init, ordinary, ephemeral: the order in which containers are named in messages. */
export function containersOf(spec: Partial<PodSpec>): readonly AnyContainer[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec;
  if (initContainers.length === 0 && ephemeralContainers.length === 0) return containers;
  return [...initContainers, ...containers, ...ephemeralContainers];
}

/** Names of the containers of which this is true. */
export function namesWhere(spec: Partial<PodSpec>, wrong: (container: AnyContainer) => boolean): string[] {
  return containersOf(spec)
    .filter(wrong)
    .map(({ name }) => name);
}

/** `"a", "b"`. */
export function joinQuote(items: readonly string[]): string {
  return items.length === 0 ? "" : `"${items.join('", "')}"`;
}

export function pluralize(one: string, many: string, count: number): string {
  return count === 1 ? one : many;
}

/** `container "a"`, `containers "a", "b"`. */
export function containersText(names: readonly string[]): string {
  return `${pluralize("container", "containers", names.length)} ${joinQuote(names)}`;
}

/** `pod and containers "a", "b"`: who says something wrong. */
export function settersText(podIsWrong: boolean, containers: readonly string[]): string {
  return [...(podIsWrong ? ["pod"] : []), ...(containers.length > 0 ? [containersText(containers)] : [])].join(" and ");
}

/** Each once, in order. */
export function sorted(values: ReadonlySet<string>): string[] {
  return [...values].sort(compareText);
}

/** Windows has no such rights: from v1.25 on, its pods need not give them up. */
export function notOnWindows(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.os?.name === "windows" ? undefined : check(pod));
}

/** From v1.35 on, a pod with users of its own may be root among them (KEP-127). */
export function unlessOwnUsers(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
}
