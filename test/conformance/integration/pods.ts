import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { Refusal, type Thing, type TypedResource } from "../../support/typed-client.ts";

/** Pods that somebody else would run: here a test says by hand what becomes of them, as upstream's tests do. */

export const template = (labels: object, spec: object = {}): object => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "fake-name", image: "fakeimage" }], ...spec },
});

export const secondsAgo = (seconds: number): string =>
  new Date(Date.now() - seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");

export const isReady = ({ status }: Thing): boolean =>
  (status.conditions ?? []).some((one: Thing) => one["type"] === "Ready" && one["status"] === "True");

export interface Readiness {
  readonly status?: "True" | "False";
  readonly lastTransitionTime?: string;
}

/** One pod runs, and is ready or not, since a time. */
export function setReady(pods: TypedResource, name: string, { status = "True", lastTransitionTime }: Readiness = {}) {
  const condition = { type: "Ready", status, lastTransitionTime: lastTransitionTime ?? secondsAgo(0) };
  const body = { status: { phase: "Running", conditions: [condition] } };
  return pods.patch(name, "strategic", body, { subresource: "status" });
}

/** All pods that are there and not asked to go become ready. */
export async function setAllReady(pods: TypedResource, isMeant: (pod: Thing) => boolean = () => true): Promise<void> {
  for (const pod of (await pods.list()).items) {
    if (isReady(pod) || pod.metadata.deletionTimestamp || !isMeant(pod)) continue;
    try {
      await setReady(pods, pod.metadata.name);
    } catch (error) {
      if (!(error instanceof Refusal) || ![404, 409].includes(error.code)) throw error;
    }
  }
}

export const controllerOf = ({ metadata }: Thing): Thing | undefined =>
  metadata.ownerReferences?.find(({ controller }: { controller?: boolean }) => controller) as Thing | undefined;

/** As many pods as this are there, those that are asked to go among them. */
export const hasPods = (pods: TypedResource, count: number): Promise<readonly Thing[]> =>
  eventually(async () => {
    const { items } = await pods.list();
    assert.equal(items.length, count);
    return items;
  });

/** What a list of fields of the status comes to. */
export const reaches = (all: TypedResource, name: string, status: object): Promise<Thing> =>
  eventually(async () => {
    const object = await all.get(name);
    const seen = Object.fromEntries(Object.keys(status).map((key) => [key, object["status"][key]]));
    assert.deepEqual(seen, status);
    return object;
  });

/** An owner that is no controller gets one beside it, or becomes it. `other` owns things too. */
export async function takesOver(all: TypedResource, name: string, owner: Thing, other: Thing): Promise<void> {
  for (const [{ apiVersion, kind, metadata }, count] of [
    [other, 2],
    [owner, 1],
  ] as const) {
    const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: false };
    await all.change(name, (draft) => Object.assign(draft.metadata, { ownerReferences: [reference] }));
    await eventually(async () => {
      const one = await all.get(name);
      assert.equal(controllerOf(one)?.["uid"], owner.metadata.uid);
      assert.equal(one.metadata.ownerReferences?.length, count);
    });
  }
}
