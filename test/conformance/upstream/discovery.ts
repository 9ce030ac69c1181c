import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf, establish, withdraw } from "../../support/custom-resources.ts";
import { describeUpstream } from "../../support/upstream.ts";

/** A resource of each group version that upstream asks for. */
const expected: Readonly<Record<string, string>> = {
  "admissionregistration.k8s.io/v1": "validatingwebhookconfigurations",
  "apiextensions.k8s.io/v1": "customresourcedefinitions",
  "apiregistration.k8s.io/v1": "apiservices",
  "apps/v1": "deployments",
  "authentication.k8s.io/v1": "tokenreviews",
  "authorization.k8s.io/v1": "selfsubjectaccessreviews",
  "autoscaling/v1": "horizontalpodautoscalers",
  "autoscaling/v2": "horizontalpodautoscalers",
  "batch/v1": "jobs",
  "certificates.k8s.io/v1": "certificatesigningrequests",
  "coordination.k8s.io/v1": "leases",
  "discovery.k8s.io/v1": "endpointslices",
  "events.k8s.io/v1": "events",
  "networking.k8s.io/v1": "ingresses",
  "node.k8s.io/v1": "runtimeclasses",
  "policy/v1": "poddisruptionbudgets",
  "scheduling.k8s.io/v1": "priorityclasses",
  "storage.k8s.io/v1": "csinodes",
};

interface Group {
  readonly name: string;
  readonly preferredVersion: { readonly groupVersion: string };
  readonly versions: readonly { readonly groupVersion: string }[];
}

interface AggregatedGroup {
  readonly metadata?: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly resources: readonly { readonly resource: string }[];
  }[];
}

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/** What client-go asks for: the new form, the one before, and what every server has. */
const negotiated = [aggregated, aggregated.replace("v=v2", "v=v2beta1"), "application/json"].join(",");

describeUpstream(
  "Discovery",
  (use) => {
    const json = async (path: string, accept = "application/json"): Promise<unknown> => {
      const answer = await use.admin.call({ path, headers: { accept } });
      assert.equal(answer.status, 200, `${path} answered ${answer.status} ${answer.text}`);
      return answer.json;
    };
    const isThere = async (path: string, accept: string, groupVersion: string, plural: string): Promise<boolean> => {
      const { items } = (await json(path, accept)) as { items: readonly AggregatedGroup[] };
      const [version, group = ""] = groupVersion.split("/").reverse() as [string, string?];
      const found = items.find(({ metadata }) => (metadata?.name ?? "") === group);
      return (
        found?.versions
          .find((one) => one.version === version)
          ?.resources.some(({ resource }) => resource === plural) === true
      );
    };

    test("should validate PreferredVersion for each APIGroup", async () => {
      const { groups } = (await json("/apis/")) as { groups: readonly Group[] };
      assert.ok(groups.length > 15);
      for (const { name } of groups) {
        const { versions, preferredVersion } = (await json(`/apis/${name}/`)) as Group;
        assert.ok(
          versions.some(({ groupVersion }) => groupVersion === preferredVersion.groupVersion),
          name,
        );
      }
    });

    test("should locate the groupVersion and a resource within each APIGroup", async () => {
      for (const [groupVersion, plural] of [...Object.entries(expected), ["v1", "namespaces"] as const]) {
        const path = groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`;
        const list = (await json(path)) as { groupVersion: string; resources: readonly { name: string }[] };
        assert.equal(list.groupVersion, groupVersion);
        assert.ok(
          list.resources.some(({ name }) => name === plural),
          plural,
        );
      }
    });

    test("should accurately determine present and missing resources", async () => {
      const { resources } = (await json("/apis/apps/v1")) as { resources: readonly { name: string }[] };
      assert.ok(!resources.some(({ name }) => name === "please-dont-ever-create-this"));
      assert.equal((await use.admin.call({ path: "/apis/not-these-apps/v1" })).status, 404);
    });

    for (const [title, accept] of [
      ["should support raw aggregated discovery endpoint Accept headers", aggregated],
      ["should support aggregated discovery interface", negotiated],
    ] as const) {
      test(title, async () => {
        for (const [groupVersion, plural] of Object.entries(expected)) {
          assert.ok(await isThere("/apis", accept, groupVersion, plural), groupVersion);
        }
        assert.ok(await isThere("/api", accept, "v1", "namespaces"));
        const { headers } = await use.admin.call({ path: "/apis", headers: { accept } });
        assert.equal(headers["content-type"], aggregated);
      });
    }

    for (const [i, [title, accept]] of [
      ["should support raw aggregated discovery request for CRDs", aggregated] as const,
      ["should support aggregated discovery interface for CRDs", negotiated] as const,
    ].entries()) {
      test(title, async () => {
        const group = `group${i}.example.com`;
        const names = { plural: "testcrds", singular: "testcrd", kind: "testcrd", listKind: "testcrdList" };
        const allowAll = { "x-kubernetes-preserve-unknown-fields": true };
        const definition = definitionOf("testcrd", [{ name: "v1", schema: allowAll }], { group, names });
        await establish(use.admin, { ...definition, metadata: { name: `testcrds.${group}` } });
        assert.ok(await isThere("/apis", accept, `${group}/v1`, "testcrds"));
        await withdraw(use.admin, `testcrds.${group}`);
        assert.ok(!(await isThere("/apis", accept, `${group}/v1`, "testcrds")));
      });
    }

    test("Custom resource should have storage version hash", async () => {
      await establish(use.admin, definitionOf("Hashed", [{ name: "v1" }, { name: "v2" }]));
      for (const version of ["v1", "v2"]) {
        const { resources } = (await json(`/apis/example.com/${version}`)) as {
          resources: readonly { name: string; storageVersionHash?: string }[];
        };
        // The first eight bytes of the hash of GROUP/STORED/KIND.
        const { createHash } = await import("node:crypto");
        const hash = createHash("sha256").update("example.com/v1/Hashed").digest().subarray(0, 8).toString("base64");
        assert.equal(resources.find(({ name }) => name === "hasheds")?.storageVersionHash, hash);
      }
      await withdraw(use.admin, "hasheds.example.com");
    });

    test("should find the server version", async () => {
      const { major, minor } = (await json("/version")) as { major: string; minor: string };
      assert.match(major, /^[1-9]$/);
      assert.match(minor, /^[0-9]+$/);
    });

    test("should round trip OpenAPI V3 for all built-in group versions", async () => {
      const { paths } = (await json("/openapi/v3")) as { paths: Record<string, { serverRelativeURL: string }> };
      for (const groupVersion of Object.keys(expected)) {
        const { serverRelativeURL } = paths[`apis/${groupVersion}`]!;
        const document = (await json(serverRelativeURL)) as {
          openapi: string;
          paths: object;
          components: { schemas: object };
        };
        assert.equal(document.openapi, "3.0.0");
        assert.ok(Object.keys(document.paths).length > 0 && Object.keys(document.components.schemas).length > 0);
      }
      const headers = { accept: "application/com.github.proto-openapi.spec.v3@v1.0+protobuf" };
      const answer = await use.admin.call({ path: paths["apis/apps/v1"]!.serverRelativeURL, headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["content-type"], "application/com.github.proto-openapi.spec.v3.v1.0+protobuf");
    });

    for (const [title, timeout, code] of [
      [
        "should return HTTP status code 400 if the user specifies an invalid timeout in the request URL",
        "invalid",
        400,
      ],
      [
        "the request should be served with a default timeout if the specified timeout in the request URL exceeds maximum allowed",
        "3m",
        200,
      ],
      ["default timeout should be used if the specified timeout in the request URL is 0s", "0s", 200],
    ] as const) {
      test(title, async () => {
        const answer = await use.admin.call({ path: `/version?timeout=${timeout}` });
        assert.equal(answer.status, code);
        if (code === 400) assert.match(answer.text, /invalid timeout specified in the request URL/);
      });
    }

    test("should contain necessary checks", async () => {
      const hooks = [
        "start-apiserver-admission-initializer",
        "generic-apiserver-start-informers",
        "start-apiextensions-informers",
        "start-apiextensions-controllers",
        "crd-informer-synced",
        "bootstrap-controller",
        "start-system-namespaces-controller",
        "start-service-ip-repair-controllers",
        "scheduling/bootstrap-system-priority-classes",
        "start-cluster-authentication-info-controller",
        "start-kube-aggregator-informers",
        "apiservice-registration-controller",
        "apiservice-status-local-available-controller",
        "apiservice-status-remote-available-controller",
        "kube-apiserver-autoregistration",
        "apiservice-openapi-controller",
        "storage-readiness",
      ].map((hook) => `poststarthook/${hook}`);
      for (const [path, more] of [
        ["/healthz", ["etcd"]],
        ["/livez", ["etcd"]],
        ["/readyz", ["informer-sync"]],
      ] as const) {
        const { text } = await use.admin.call({ path: `${path}?verbose=1` });
        const lines = new Set(text.split("\n"));
        for (const check of ["ping", "log", "autoregister-completion", ...more, ...hooks]) {
          assert.ok(lines.has(`[+]${check} ok`), `${path} has no ${check}: ${text}`);
        }
      }
    });
  },
  { controllers: false },
);
