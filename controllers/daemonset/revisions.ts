import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts";
import { DaemonSet } from "../../api/apps/v1/daemonset.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import { replicaSetName as hashedName, templateHash } from "../deployment/template-hash.ts";
import type { Action } from "../runner/action.ts";
import { controllerReference } from "../runner/claim.ts";

// pkg/controller/daemon/update.go constructHistory and below.

export const hashLabel = "controller-revision-hash";

export interface History {
  /** The revision of the DaemonSet's template; of several the latest. */
  readonly current: ControllerRevision | undefined;
  /** Others of the same template. */
  readonly doubles: readonly ControllerRevision[];
  readonly old: readonly ControllerRevision[];
  /** When one that is let be for now is a double. */
  readonly settlesAtMs: number | undefined;
}

/** The change that brings a DaemonSet back to this template. */
function patchOf({ spec }: DaemonSet): object {
  return { spec: { template: { ...spec.template, $patch: "replace" } } };
}

/** A double is let be this long: nothing is done at the coming of a revision that somebody else made (addHistory). */
const settleMs = 5_000;

export function historyOf(daemonSet: DaemonSet, revisions: readonly ControllerRevision[], now: number): History {
  const patch = patchOf(daemonSet);
  const equal = revisions.filter(({ data }) => equalJson(data, patch)).sort((a, b) => a.revision - b.revision);
  const settlesAt = ({ metadata }: ControllerRevision): number =>
    Date.parse(metadata.creationTimestamp ?? "") + settleMs;
  const settled = equal.filter((one) => settlesAt(one) <= now);
  const same = settled.length > 0 ? settled : equal.slice(0, 1);
  const current = same.at(-1);
  const later = equal.filter((one) => !same.includes(one)).map(settlesAt);
  return {
    current,
    doubles: same.slice(0, -1),
    old: revisions.filter((one) => !equal.includes(one)).sort((a, b) => a.revision - b.revision),
    settlesAtMs: later.length === 0 ? undefined : Math.min(...later),
  };
}

/** What to write so that there is one revision of the template, and it is the latest. Nothing else is decided until then. */
export function keepHistory(daemonSet: DaemonSet, history: History, pods: readonly Pod[]): readonly Action[] {
  const { current, doubles, old } = history;
  const revision = Math.max(0, ...old.map((one) => one.revision)) + 1;
  if (current === undefined) return [createRevision(daemonSet, revision)];
  if (doubles.length > 0) {
    const hash = current.metadata.labels?.[hashLabel];
    const relabel = pods
      .filter(({ metadata }) => metadata.labels?.[hashLabel] !== hash)
      .map(({ metadata }): Action => {
        const { name = "", namespace } = metadata;
        const body = { metadata: { labels: { [hashLabel]: hash } } };
        return { type: "patch", resource: Pod, namespace, name, patch: { type: "merge", body } };
      });
    return [...relabel, ...doubles.map(deleteRevision)];
  }
  if (current.revision >= revision) return [];
  return [{ type: "update", resource: ControllerRevision, object: { ...current, revision } }];
}

/** `DAEMONSET-HASH`, as the next revision is named. */
export function revisionName(daemonSet: DaemonSet): string {
  return hashedName(daemonSet, templateHash(daemonSet.spec.template, daemonSet.status.collisionCount));
}

function createRevision(daemonSet: DaemonSet, revision: number): Action {
  const { namespace = "", annotations } = daemonSet.metadata;
  const { template } = daemonSet.spec;
  const hash = templateHash(template, daemonSet.status.collisionCount);
  const metadata = {
    name: hashedName(daemonSet, hash),
    namespace,
    labels: { ...template.metadata?.labels, [hashLabel]: hash },
    ...(annotations === undefined ? {} : { annotations }),
    ownerReferences: [controllerReference(daemonSet, DaemonSet)],
  };
  return { type: "create", resource: ControllerRevision, object: { metadata, data: patchOf(daemonSet), revision } };
}

/** Old revisions beyond revisionHistoryLimit that no pod is of, the oldest first. */
export function cleanUp({ spec }: DaemonSet, { old }: History, pods: readonly Pod[]): readonly Action[] {
  const live = new Set(pods.map(({ metadata }) => metadata.labels?.[hashLabel]));
  const count = old.length - (spec.revisionHistoryLimit ?? 10);
  if (count <= 0) return [];
  return old
    .filter(({ metadata }) => !live.has(metadata.labels?.[hashLabel]))
    .slice(0, count)
    .map(deleteRevision);
}

function deleteRevision({ metadata: { name = "", namespace, uid = "" } }: ControllerRevision): Action {
  return { type: "delete", resource: ControllerRevision, namespace, name, uid };
}
