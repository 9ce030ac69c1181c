import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import type { PatchKind, Query, Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

interface Case {
  readonly resource: string;
  readonly namespaced: boolean;
  readonly spec: object;
  update(draft: Thing): void;
  /** Bodies that change the object as `update` does. */
  readonly patches: Readonly<Partial<Record<PatchKind, object>>>;
  /** What a status shows after the bodies of `statusPatches`, or an update to it. */
  readonly status?: object;
  readonly statusPatches?: Readonly<Partial<Record<PatchKind, object>>>;
}

const label = { metadata: { labels: { "test.dra.example.com": "test" } } };
const addLabel = ({ metadata }: Thing): void =>
  void Object.assign(metadata, { labels: { ...metadata.labels, ...label.metadata.labels } });
const addLabelByJson = [{ op: "add", path: "/metadata/labels/test.dra.example.com", value: "test" }];
const requests = [{ name: "req-0", exactly: { deviceClassName: "dra.example.com" } }];
const selectors = [{ cel: { expression: "1 == 0" } }];
const allocation = { status: { allocation: {} } };

const cases: Readonly<Record<string, Case>> = {
  "resource.k8s.io/v1 DeviceClass": {
    resource: "deviceclasses",
    namespaced: false,
    spec: { selectors: [{ cel: { expression: "false" } }] },
    update: ({ spec }) => Object.assign(spec, { selectors }),
    patches: { strategic: { spec: { selectors } }, merge: { spec: { selectors } }, apply: { spec: { selectors } } },
  },
  "resource.k8s.io/v1 ResourceClaim": {
    resource: "resourceclaims",
    namespaced: true,
    spec: { devices: { requests } },
    update: addLabel,
    patches: { apply: label, strategic: label, merge: label, json: addLabelByJson },
    // Of what is no pointer, Go writes even the empty one.
    status: { allocation: { devices: {} } },
    statusPatches: {
      apply: allocation,
      strategic: allocation,
      merge: allocation,
      json: [{ op: "add", path: "/status/allocation", value: {} }],
    },
  },
  "resource.k8s.io/v1 ResourceClaimTemplate": {
    resource: "resourceclaimtemplates",
    namespaced: true,
    spec: { spec: { devices: { requests } } },
    update: addLabel,
    patches: { strategic: label, merge: label, apply: label, json: addLabelByJson },
  },
  "resource.k8s.io/v1 ResourceSlice": {
    resource: "resourceslices",
    namespaced: false,
    spec: {
      driver: "dra.example.com",
      pool: { name: "cluster", generation: 1, resourceSliceCount: 1 },
      nodeName: "no-such-node",
    },
    update: ({ spec }) => Object.assign(spec, { devices: [{ name: "device-0" }] }),
    patches: {
      strategic: { spec: { devices: [{ name: "device-0" }] } },
      apply: { spec: { devices: [{ name: "device-0" }] } },
    },
  },
};

const strict = { fieldValidation: "Strict" };
const queryOf = (kind: PatchKind): Query =>
  kind === "apply" ? { ...strict, fieldManager: "test-apply", force: true } : strict;
const withIdentity = (kind: PatchKind, body: object, { apiVersion, kind: of }: Thing): object =>
  kind === "apply" ? { apiVersion, kind: of, ...body } : body;

describeUpstream("CRUD Tests", (use) => {
  for (const [title, one] of Object.entries(cases)) {
    test(title, async () => {
      const namespace = one.namespaced ? await use.makeNamespace() : "";
      const client = use.dynamic(one.resource, namespace);
      const own = { labelSelector: "e2e-test.kubernetes.io=yes" };
      const watch = await use
        .dynamic(one.resource)
        .watch({ ...own, sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" });
      const initial = { metadata: { name: "crud", labels: { "e2e-test.kubernetes.io": "yes" } }, spec: one.spec };
      const created = await client.create(initial, strict);
      assert.partialDeepStrictEqual(created, initial);
      assert.partialDeepStrictEqual(await watch.expect("ADDED"), initial);
      const draft = structuredClone(await client.get("crud"));
      one.update(draft);
      const expected = (({ metadata, spec }) => ({ metadata: { labels: metadata.labels }, spec }))(
        structuredClone(draft),
      );
      const updated = await client.update(draft);
      assert.partialDeepStrictEqual(updated, expected);
      assert.partialDeepStrictEqual(await watch.expect("MODIFIED"), expected);
      if (one.status) await statusIsWritten(client, one, updated);
      const again = async (): Promise<Thing> => {
        await client.delete("crud");
        await isRefused(client.get("crud"), 404);
        return client.create(initial);
      };
      for (const [kind, body] of Object.entries(one.patches) as [PatchKind, object][]) {
        const patch = withIdentity(kind, body, await again());
        assert.partialDeepStrictEqual(
          await client.patch("crud", kind, patch, { query: queryOf(kind) }),
          expected,
          kind,
        );
      }
      for (const [kind, body] of Object.entries(one.statusPatches ?? {}) as [PatchKind, object][]) {
        const patch = withIdentity(kind, body, await again());
        const patched = await client.patch("crud", kind, patch, { query: queryOf(kind), subresource: "status" });
        assert.deepEqual(patched["status"], one.status, kind);
      }
      for (const all of [client, use.dynamic(one.resource)]) assert.equal((await all.list(own)).items.length, 1);
      await client.deleteCollection(own);
      await isRefused(client.get("crud"), 404);
      await watch.until(({ type }) => type === "DELETED");
      watch.stop();
    });
  }

  async function statusIsWritten(client: TypedResource, { status }: Case, { metadata }: Thing): Promise<void> {
    const told = await client.change(metadata.name, (draft) => Object.assign(draft, { status }), "status");
    assert.deepEqual(told["status"], status);
    assert.deepEqual((await client.get(`${metadata.name}/status`))["status"], status);
  }
});
