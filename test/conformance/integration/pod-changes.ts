import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import type { PatchKind, Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { template } from "./pods.ts";

// test/integration/pods/pods_test.go, test/integration/defaulttolerationseconds

const { spec } = template({}) as { spec: object };
const withContainer = (more: object): object => ({ containers: [{ name: "fake-name", image: "fakeimage", ...more }] });
const debug = (name: string): object => ({
  ...{ name, image: "debugimage", imagePullPolicy: "Always", terminationMessagePolicy: "File" },
});

describeUpstream(
  "Changes of pods as integration tests ask of them",
  (use) => {
    const pods = async (): Promise<TypedResource> => use.typed("pods", await use.makeNamespace());

    test("TestPodTopologyLabels", async () => {
      const own = await pods();
      const [zone, region] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];
      const both = { [zone]: "zone", [region]: "region" };
      const other = "topology.kubernetes.io/abc";
      for (const [labels, before, after] of [
        [both, undefined, both],
        [{ ...both, "sub.topology.kubernetes.io/zone": "z" }, undefined, both],
        [{ [other]: "thing", ...both }, undefined, both],
        [{ "sub.topology.kubernetes.io/zone": "z", [region]: "region" }, undefined, { [region]: "region" }],
        [
          { ...both, [other]: "456" },
          { [zone]: "bad", [region]: "bad", [other]: "123" },
          { ...both, [other]: "123" },
        ],
      ] as const) {
        const node = await use.typed("nodes").create({ metadata: { generateName: "podtopology-test-node-", labels } });
        const pod = await own.create({ metadata: { generateName: "p-", ...(before && { labels: before }) }, spec });
        const target = { kind: "Node", name: node.metadata.name };
        const { name } = pod.metadata;
        await own.createBelow(`${name}/binding`, {
          apiVersion: "v1",
          kind: "Binding",
          metadata: { name },
          target,
        } as never);
        assert.deepEqual((await own.get(name)).metadata.labels, after);
      }
    });

    test("TestPodUpdateActiveDeadlineSeconds", async () => {
      const own = await pods();
      for (const [i, [from, to, isValid]] of (
        [
          [undefined, undefined, true],
          [30, 30, true],
          [undefined, 60, true],
          [60, 30, true],
          [30, 60, false],
          [30, -1, false],
          [undefined, -1, false],
          [30, 0, false],
          [30, undefined, false],
        ] as const
      ).entries()) {
        const metadata = { name: `activedeadlineseconds-test-${i}` };
        const of = (seconds: number | undefined): object =>
          seconds === undefined ? spec : { ...spec, activeDeadlineSeconds: seconds };
        await own.create({ metadata, spec: of(from) });
        // The client's own object again, without what the server has added.
        const update = own.update({ metadata, spec: of(to) } as unknown as Thing);
        if (isValid) assert.equal((await update)["spec"].activeDeadlineSeconds, to);
        else await isRefused(update, 422);
      }
    });

    test("TestPodReadOnlyFilesystem", async () => {
      const own = await pods();
      const securityContext = { readOnlyRootFilesystem: true };
      const made = await own.create({ metadata: { name: "xxx" }, spec: withContainer({ securityContext }) });
      assert.deepEqual(made["spec"].containers[0].securityContext, securityContext);
    });

    test("TestPodCreateEphemeralContainers", async () => {
      const refused = (await pods()).create({
        metadata: { name: "xxx" },
        spec: { ...spec, ephemeralContainers: [debug("d")] },
      });
      await isRefused(refused, 422, /spec\.ephemeralContainers: Forbidden: cannot be set on create$/);
    });

    test("TestPodPatchEphemeralContainers, TestPodUpdateEphemeralContainers", async () => {
      const own = await pods();
      const list = (...names: string[]): object => ({ spec: { ephemeralContainers: names.map(debug) } });
      const at = "/spec/ephemeralContainers";
      for (const [i, [before, kind, patch, after]] of (
        [
          [[], "strategic", list("a"), ["a"]],
          [[], "merge", list("a"), ["a"]],
          [[], "json", [{ op: "add", path: at, value: [debug("a")] }], ["a"]],
          [["a"], "strategic", list("b"), ["a", "b"]],
          [["a"], "merge", list("a", "b"), ["a", "b"]],
          [["a"], "json", [{ op: "add", path: `${at}/-`, value: debug("b") }], ["a", "b"]],
          [["a"], "merge", list(), undefined],
          [["a"], "json", [{ op: "remove", path: `${at}/0` }], undefined],
          [["a"], "json", [{ op: "remove", path: at }], undefined],
          [[], "update", list(), []],
          [["a"], "update", list("a"), ["a"]],
          [[], "update", list("a"), ["a"]],
          [["a"], "update", list(), undefined],
          [["a"], "update", list("a", "b"), ["a", "b"]],
          [["a", "b"], "update", list("a"), undefined],
        ] as const
      ).entries()) {
        const name = `ephemeral-container-test-${i}`;
        await own.create({ metadata: { name }, spec });
        const subresource = "ephemeralcontainers";
        const put = (body: object): Promise<Thing> => {
          const { spec: more } = body as { spec: object };
          return own.update({ metadata: { name }, spec: { ...spec, ...more } } as unknown as Thing, subresource);
        };
        if (before.length > 0) {
          await isRefused(
            own.patch(name, "merge", list(...before)),
            422,
            /pod updates may not change fields other than/,
          );
          await put(list(...before));
        }
        const change =
          kind === "update"
            ? put(patch as object)
            : own.patch(name, kind as PatchKind, patch as object, { subresource });
        if (after === undefined) {
          await isRefused(
            change,
            422,
            /spec\.ephemeralContainers: Forbidden: existing ephemeral containers ".*" may not be removed/,
          );
        } else {
          const names = ((await change)["spec"].ephemeralContainers ?? []).map((one: Thing) => one["name"]);
          assert.deepEqual(names.toSorted(), after);
        }
      }
    });

    test("TestPodResize", async () => {
      const own = await pods();
      const of = (requests: object): object => withContainer({ resources: { requests } });
      const metadata = { name: "resize" };
      for (const [from, to, isValid] of [
        [{ cpu: "10m" }, { cpu: "20m" }, true],
        [{ memory: "1Gi" }, { memory: "2Gi" }, true],
        [{ "ephemeral-storage": "1Gi" }, { "ephemeral-storage": "2Gi" }, false],
      ] as const) {
        const made = await own.create({ metadata, spec: of(from) });
        const next = structuredClone(made);
        next["spec"].containers[0].resources = { requests: to };
        await isRefused(own.update(next), 422, /spec: Forbidden: pod updates may not change fields other than/);
        if (isValid) {
          const resized = await own.update(next, "resize");
          assert.deepEqual(resized["spec"].containers[0].resources.requests, to);
          const back = structuredClone(resized);
          back["spec"].containers[0].resources = { requests: from };
          await own.update(back, "resize");
        } else {
          await isRefused(own.update(next, "resize"), 422);
        }
        await own.delete("resize");
      }
      const cpu = { name: "fake-name", resources: { requests: { cpu: "20m" } } };
      const storage = { name: "fake-name", resources: { requests: { "ephemeral-storage": "20m" } } };
      for (const [kind, patch, isValid] of [
        ["strategic", { spec: { containers: [cpu] } }, true],
        ["merge", { spec: { containers: [cpu] } }, true],
        ["json", [{ op: "add", path: "/spec/containers", value: [cpu] }], true],
        ["merge", { spec: { containers: [storage] } }, false],
      ] as const) {
        await own.create({ metadata, spec: of({ cpu: "10m" }) });
        const change = own.patch("resize", kind, patch, { subresource: "resize" });
        if (isValid) {
          const [container] = (await change)["spec"].containers;
          assert.deepEqual([container.image, container.resources.requests], ["fakeimage", { cpu: "20m" }]);
        } else await isRefused(change, 422);
        await own.delete("resize");
      }
    });

    test("TestMutablePodSchedulingDirectives", async () => {
      const own = await pods();
      const metadata = { name: "test-pod" };
      const gated = { ...spec, schedulingGates: [{ name: "baz" }] };
      const affinityOf = (...terms: object[]): object => ({
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
      });
      const one = { key: "expr", operator: "In", values: ["foo"] };
      const field = { key: "metadata.name", operator: "In", values: ["foo"] };
      const more = { matchExpressions: [one, { ...one, key: "expr2" }], matchFields: [field] };
      for (const [before, after] of [
        [{}, { nodeSelector: { foo: "bar" } }],
        [affinityOf({ matchExpressions: [one] }), affinityOf(more)],
        [{}, affinityOf({ matchExpressions: [one], matchFields: [field] })],
      ] as const) {
        await own.create({ metadata, spec: { ...gated, ...before } });
        const updated = await own.update({ metadata, spec: { ...gated, ...after } } as unknown as Thing);
        assert.partialDeepStrictEqual(updated["spec"], after);
        await own.delete("test-pod");
      }
    });

    test("TestRelaxedDNSSearchValidation", async () => {
      const own = await pods();
      for (const search of ["_sip._tcp.abc_d.example.com", ".", "example.com"]) {
        const metadata = { name: "dns" };
        const made = { ...spec, dnsConfig: { searches: [search] } };
        await own.create({ metadata, spec: made });
        await own.update({ metadata: { ...metadata, labels: { label: "value" } }, spec: made } as unknown as Thing);
        await own.delete("dns");
      }
    });

    test("TestNodeDeclaredFeatureAdmission", async () => {
      const own = await pods();
      const nodes = use.typed("nodes");
      const amounts = { cpu: "1", memory: "1Gi" };
      const room = { cpu: "12", memory: "8Gi" };
      for (const [feature, cpu, refused] of [
        ["SomeOtherFeature", "2", true],
        ["InPlacePodLevelResourcesVerticalScaling", "2", false],
        ["SomeOtherFeature", "1", false],
      ] as const) {
        const status = {
          nodeInfo: { kubeletVersion: "1.35.0" },
          declaredFeatures: [feature],
          allocatable: room,
          capacity: room,
        };
        const node = await nodes.create({ metadata: { name: "test-node" }, status });
        assert.deepEqual(node["status"].declaredFeatures, [feature]);
        const resources = { requests: amounts, limits: amounts };
        const pod = await own.create({
          metadata: { generateName: "test-pod-" },
          spec: { ...spec, nodeName: "test-node", resources },
        });
        const next = structuredClone(pod);
        Object.assign(next["spec"].resources, { requests: { ...amounts, cpu }, limits: { ...amounts, cpu } });
        next.metadata["labels" as never] = { foo: "bar" } as never;
        const resize = own.update(next, "resize");
        if (refused) {
          const said =
            /pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node/;
          await isRefused(resize, 403, said);
        } else await resize;
        await own.delete(pod.metadata.name, { gracePeriodSeconds: 0 });
        await nodes.delete("test-node");
      }
    });

    test("TestPodResizeValidation", async () => {
      const own = await pods();
      const node = (name: string, os: string, allocatable: object): Promise<Thing> =>
        use.typed("nodes").create({ metadata: { name, labels: { "kubernetes.io/os": os } }, status: { allocatable } });
      await node("linux-node-small", "linux", { cpu: "2", memory: "2Gi" });
      await node("windows-node", "windows", { cpu: "8", memory: "16Gi" });
      for (const [nodeName, cpu, message, cause] of [
        ["linux-node-small", "1", undefined, undefined],
        ["linux-node-small", "4", /node didn't have enough allocatable resources: cpu/, "NodeCapacity"],
        ["windows-node", "1", /pod resize is only supported on linux nodes/, "UnsupportedPlatform"],
      ] as const) {
        const resources = { requests: { cpu: "500m", memory: "512Mi" } };
        const pod = await own.create({
          metadata: { generateName: "test-pod-" },
          spec: { ...withContainer({ resources }), nodeName },
        });
        const next = structuredClone(pod);
        next["spec"].containers[0].resources.requests.cpu = cpu;
        if (message === undefined) await own.update(next, "resize");
        else {
          const { status } = await isRefused(own.update(next, "resize"), 403, message);
          assert.ok(
            status["details"].causes.some(({ reason }: Thing) => reason === cause),
            JSON.stringify(status),
          );
        }
      }
    });

    test("TestAdmission: tolerations of what ails nodes", async () => {
      const { spec: made } = await (await pods()).create({ metadata: { name: "foo" }, spec });
      const of = (what: string): object => ({
        ...{ key: `node.kubernetes.io/${what}`, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      });
      assert.deepEqual(made.tolerations, [of("not-ready"), of("unreachable")]);
    });
  },
  { controllers: false, more: { admission: { disable: ["ServiceAccount"] } } },
);
