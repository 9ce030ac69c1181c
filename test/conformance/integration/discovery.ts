import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf, definitionsPath, withdraw } from "../../support/custom-resources.ts";
import { eventually } from "../../support/eventually.ts";
import type { TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

// test/integration/apiserver/discovery, no_new_betas_test.go, and of an APIService whose service is not there.

const group = "stable.example.com";
interface Version {
  readonly version: string;
  readonly freshness: string;
  readonly resources?: readonly { readonly resource: string }[];
}
interface Group {
  readonly metadata: { readonly name: string };
  readonly versions: readonly Version[];
}
interface Legacy {
  readonly name: string;
  readonly versions: readonly { readonly version: string }[];
}

describeUpstream(
  "Discovery as integration tests ask of it",
  (use) => {
    const aggregated = async (): Promise<readonly Group[]> => {
      const headers = { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" };
      return ((await use.admin.call({ path: "/apis", headers })).json as { items: Group[] }).items;
    };
    const legacy = async (): Promise<readonly Legacy[]> => {
      const headers = { accept: "application/json" };
      return ((await use.admin.call({ path: "/apis", headers })).json as { groups: Legacy[] }).groups;
    };
    /** Both documents tell the same groups with the same versions in the same order. */
    const isOne = async (): Promise<readonly string[]> => {
      const names = (await aggregated()).flatMap(({ metadata, versions }) =>
        versions.map(({ version }) => `${metadata.name}/${version}`),
      );
      const older = (await legacy()).flatMap(({ name, versions }) =>
        versions.map(({ version }) => `${name}/${version}`),
      );
      assert.deepEqual(older, names);
      return names;
    };
    /** What is told of the group, stale versions with a question mark; also in the older document. */
    const tells = (...wanted: string[]): Promise<void> =>
      eventually(async () => {
        await isOne();
        const found = (await aggregated()).find(({ metadata }) => metadata.name === group)?.versions ?? [];
        assert.deepEqual(
          found.map(({ version, freshness }) => `${version}${freshness === "Stale" ? "?" : ""}`),
          wanted,
        );
      });
    const apiServices = (): TypedResource => use.typed("apiservices");
    const addService = async (version: string, groupPriorityMinimum = 1_000, versionPriority = 100): Promise<void> => {
      const service = { name: "unused", namespace: "default" };
      const priorities = { groupPriorityMinimum, versionPriority };
      const spec = { group, version, insecureSkipTLSVerify: true, service, ...priorities };
      const name = `${version}.${group}`;
      // Where a definition has the version, there is one already.
      const object = { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata: { name }, spec };
      await apiServices().patch(name, "apply", object, { query: { fieldManager: "test-manager", force: true } });
    };
    const dropService = (version: string): Promise<unknown> => apiServices().delete(`${version}.${group}`);
    const addDefinition = async (kind: string, versions: readonly string[], own = group): Promise<void> => {
      const plural = `${kind.toLowerCase()}s`;
      const { spec, ...rest } = definitionOf(
        kind,
        versions.map((name) => ({ name })),
        { group: own },
      ) as { spec: object };
      const annotations = { "api-approved.kubernetes.io": "unapproved, test" };
      const body = { ...rest, metadata: { name: `${plural}.${own}`, annotations }, spec };
      const answer = await use.admin.call({ method: "POST", path: definitionsPath, body });
      assert.equal(answer.status, 201, answer.text);
    };

    test("TestCRD: inclusion and removal", async () => {
      await addDefinition("Foo", ["v1", "v1alpha1", "v1beta1", "v2"]);
      await tells("v2", "v1", "v1beta1", "v1alpha1");
      await withdraw(use.admin, `foos.${group}`);
      await tells();
    });

    test("TestCRD: a version that both a definition and a service have", async () => {
      await addService("v1", 1_000, 15);
      await tells("v1?");
      await addDefinition("Bar", ["v1", "v2"]);
      await tells("v2", "v1?");
      await dropService("v1");
      const path = `${definitionsPath}/bars.${group}`;
      const versions = ["v1", "v2", "v1alpha1"].map((name) => ({
        name,
        served: true,
        storage: name === "v1",
        schema: { openAPIV3Schema: { type: "object" } },
      }));
      const body = Buffer.from(JSON.stringify({ spec: { versions } }));
      const headers = { "content-type": "application/merge-patch+json" };
      assert.equal((await use.admin.call({ method: "PATCH", path, headers, body })).status, 200);
      await tells("v2", "v1", "v1alpha1");
      await withdraw(use.admin, `bars.${group}`);
    });

    test("TestCRD: versions of one group by definition and by service", async () => {
      await addDefinition("Bar", ["v2", "v1alpha1"]);
      await tells("v2", "v1alpha1");
      await addService("v1");
      await tells("v2", "v1?", "v1alpha1");
      await dropService("v1");
      await tells("v2", "v1alpha1");
      await withdraw(use.admin, `bars.${group}`);
    });

    test("TestCRD: what is built in outranks a definition", async () => {
      const own = "apiextensions.k8s.io";
      await addDefinition("Bar", ["v1", "v2", "vfake"], own);
      await eventually(async () => {
        const { versions } = (await aggregated()).find(({ metadata }) => metadata.name === own)!;
        const of = (name: string) =>
          versions.find(({ version }) => version === name)?.resources?.map(({ resource }) => resource);
        assert.deepEqual([of("v1"), of("vfake")], [["customresourcedefinitions"], ["bars"]]);
      });
      const named = async (version: string): Promise<readonly string[]> => {
        const { json } = await use.admin.call({ path: `/apis/${own}/${version}` });
        return (json as { resources: { name: string }[] }).resources.map(({ name }) => name);
      };
      assert.deepEqual(await named("v1"), ["customresourcedefinitions", "customresourcedefinitions/status"]);
      assert.deepEqual(await named("vfake"), ["bars"]);
      await withdraw(use.admin, `bars.${own}`);
    });

    test("TestCRD: a service that comes and goes at once", async () => {
      await addDefinition("Bar", ["v1", "v2"]);
      await tells("v2", "v1");
      await addService("v1");
      await dropService("v1");
      await tells("v2", "v1");
      await withdraw(use.admin, `bars.${group}`);
    });

    test("TestFreshness", async () => {
      for (const { versions } of await aggregated())
        for (const { freshness } of versions) assert.equal(freshness, "Current");
      await addService("v1");
      await tells("v1?");
      await dropService("v1");
      await tells();
    });

    test("TestGroupPriority: groups", async () => {
      assert.equal((await isOne())[0], "apiregistration.k8s.io/v1");
      await addService("v1", 20_000, 15);
      await addService("v1alpha1", 1, 15);
      await addService("v1alpha2", 17_300, 15);
      await tells("v1?", "v1alpha2?", "v1alpha1?");
      assert.equal((await isOne())[1], `${group}/v1`);
      for (const version of ["v1", "v1alpha1", "v1alpha2"]) await dropService(version);
      await addService("v1alpha1", 1, 15);
      await tells("v1alpha1?");
      assert.equal((await isOne()).at(-1), `${group}/v1alpha1`);
      await dropService("v1alpha1");
    });

    test("TestGroupPriority: versions", async () => {
      for (const [version, priority] of [
        ["v1", 2],
        ["v1alpha1", 1],
        ["v1alpha2", 3],
      ] as const) {
        await addService(version, 1_000, priority);
      }
      await tells("v1alpha2?", "v1?", "v1alpha1?");
      for (const version of ["v1", "v1alpha1", "v1alpha2"]) await dropService(version);
      const versions = ["v1", "v1alpha1", "v1alpha2", "v1beta1", "v2"];
      for (const version of versions) await addService(version, 1_000, 15);
      await tells("v2?", "v1?", "v1beta1?", "v1alpha2?", "v1alpha1?");
      assert.match((await isOne()).at(-1)!, /^stable\.example\.com/);
      for (const version of versions) await dropService(version);
    });

    test("TestSingularNames, TestNoNewBetaAPIsByDefault", async () => {
      for (const name of ["", ...(await isOne())]) {
        const path = name === "" ? "/api/v1" : `/apis/${name}`;
        assert.doesNotMatch(path, /beta|alpha/);
        const { resources } = (await use.admin.call({ path })).json as { resources: Record<string, string>[] };
        for (const { name: resource, singularName } of resources) {
          assert.equal(resource!.includes("/"), singularName === "", `${path} ${resource}`);
        }
      }
    });
  },
  { controllers: false },
);
