import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { claim, controllerReference } from "./claim.ts";

const owner: ApiObject = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "rs", namespace: "n", uid: "rs-uid" },
};
const stranger: ApiObject = { ...owner, metadata: { ...owner.metadata, name: "other", uid: "other-uid" } };

const pods = fc.array(
  fc.record({
    controller: fc.constantFrom(undefined, owner, stranger),
    matches: fc.boolean(),
    dying: fc.boolean(),
  }),
  { maxLength: 8 },
);

test("an owner keeps its own that it chooses, lets go the others, and takes orphans that it chooses", () => {
  fc.assert(
    fc.property(pods, fc.boolean(), (given, ownerDying) => {
      const deletionTimestamp = "2026-01-01T00:00:00Z";
      const candidates = given.map(({ controller, matches, dying }, i): ApiObject => {
        const ownerReferences = controller === undefined ? [] : [controllerReference(controller, ReplicaSet)];
        const labels = { matches: String(matches) };
        const metadata = { name: `p${i}`, namespace: "n", uid: `u${i}`, labels, ownerReferences };
        return { apiVersion: "v1", kind: "Pod", metadata: dying ? { ...metadata, deletionTimestamp } : metadata };
      });
      const { claimed, actions } = claim({
        owner: ownerDying ? { ...owner, metadata: { ...owner.metadata, deletionTimestamp } } : owner,
        ownerResource: ReplicaSet,
        resource: Pod,
        candidates,
        matches: ({ metadata }) => metadata.labels?.["matches"] === "true",
      });
      const indexes = (wanted: (one: (typeof given)[number]) => boolean) =>
        given.flatMap((one, i) => (wanted(one) ? [`p${i}`] : []));
      const named = (type: string) =>
        actions.flatMap((action) => (action.type === type && "name" in action ? [action.name] : []));
      assert.deepEqual(
        claimed.map(({ metadata }) => metadata.name),
        indexes((one) => one.controller === owner && one.matches),
      );
      assert.deepEqual(named("patch"), ownerDying ? [] : indexes((one) => one.controller === owner && !one.matches));
      const orphans = indexes((one) => one.controller === undefined && one.matches && !one.dying);
      assert.deepEqual(named("adopt"), ownerDying ? [] : orphans);
    }),
  );
});
