import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../../base/mod.ts";
import { memoryStorage } from "../../../storage/memory/memory.ts";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import { http2Client } from "../../support/http.ts";
import { startHttpsServer } from "../../support/https-server.ts";
import { type Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream, type UpstreamOptions } from "../../support/upstream.ts";

// test/integration/dualstack

const [v4, v6] = ["10.96.0.0/16", "2001:db8:1::/108"];
const ports = [{ port: 443, targetPort: 443 }];
const policies = ["SingleStack", "PreferDualStack", "RequireDualStack"] as const;
type Policy = (typeof policies)[number];
const rangesOf = (...serviceCidrs: string[]): UpstreamOptions => ({
  controllers: false,
  more: {
    serviceCidrs,
    service: { clusterIP: serviceCidrs[0] === v6 ? "2001:db8:1::1" : "10.96.0.1", endpoint: undefined },
  },
});

/** The families that a service gets; undefined where it is refused. */
function familiesOf(
  own: readonly string[],
  policy: Policy,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  const first = asked ?? own.slice(0, 1);
  if (first.some((family) => !own.includes(family)) || (first.length === 2 && policy === "SingleStack"))
    return undefined;
  if (policy === "RequireDualStack" && own.length === 1) return undefined;
  return policy === "SingleStack" ? first : [...new Set([...first, ...own])];
}

const isRight = ({ spec }: Thing, families: readonly string[]): void => {
  assert.deepEqual(spec.ipFamilies, families);
  assert.deepEqual(
    spec.clusterIPs.map((address: string) => (address.includes(":") ? "IPv6" : "IPv4")),
    families,
  );
  assert.equal(spec.clusterIP, spec.clusterIPs[0]);
};

for (const [title, own, ranges] of [
  ["TestCreateServiceSingleStackIPv4", ["IPv4"], [v4]],
  ["TestCreateServiceSingleStackIPv6", ["IPv6"], [v6]],
  ["TestCreateServiceDualStackIPv4IPv6", ["IPv4", "IPv6"], [v4, v6]],
  ["TestCreateServiceDualStackIPv6IPv4", ["IPv6", "IPv4"], [v6, v4]],
] as const) {
  describeUpstream(
    title,
    (use) => {
      test("a service gets the families that it asks for, or is refused", async () => {
        const services = use.typed("services", await use.makeNamespace());
        for (const ipFamilyPolicy of policies) {
          for (const asked of [undefined, ["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"]]) {
            const spec = { ports, ipFamilyPolicy, ...(asked && { ipFamilies: asked }) };
            const create = services.create({ metadata: { generateName: "svc-" }, spec });
            const wanted = familiesOf(own, ipFamilyPolicy, asked);
            if (wanted === undefined) await isRefused(create, 422);
            else isRight(await create, wanted);
          }
        }
      });

      test("addresses of the client's own", async () => {
        const services = use.typed("services", await use.makeNamespace());
        const at = { IPv4: "10.96.0.", IPv6: "2001:db8:1::" } as const;
        let next = 50;
        const create = (families: readonly ("IPv4" | "IPv6")[], more: object = {}): Promise<Thing> => {
          const clusterIPs = families.map((family) => `${at[family]}${next++}`);
          return services.create({
            metadata: { generateName: "svc-" },
            spec: { ports, clusterIPs, clusterIP: clusterIPs[0], ...more },
          });
        };
        for (const family of ["IPv4", "IPv6"] as const) {
          if (own.some((one) => one === family)) isRight(await create([family]), [family]);
          else await isRefused(create([family]), 422);
        }
        if (own.length === 2) {
          await isRefused(create(["IPv4", "IPv6"]), 422);
          isRight(await create(["IPv4", "IPv6"], { ipFamilyPolicy: "PreferDualStack" }), ["IPv4", "IPv6"]);
          await isRefused(create(["IPv4", "IPv6"], { ipFamilies: ["IPv4", "IPv6"] }), 422);
        }
      });
    },
    rangesOf(...ranges),
  );
}

describeUpstream(
  "Services of two families that change",
  (use) => {
    const service = (spec: object = {}): object => ({ metadata: { name: "svc" }, spec: { ports, ...spec } });
    const place = async (): Promise<TypedResource> => use.typed("services", await use.makeNamespace());

    test("TestUpgradeDowngrade", async () => {
      const services = await place();
      isRight(await services.create(service()), ["IPv4"]);
      const require = ({ spec }: Thing): object => Object.assign(spec, { ipFamilyPolicy: "RequireDualStack" });
      isRight(await services.change("svc", require), ["IPv4", "IPv6"]);
      const down = await services.change("svc", ({ spec }) => {
        const { clusterIPs, ipFamilies } = spec;
        Object.assign(spec, {
          ipFamilyPolicy: "SingleStack",
          clusterIPs: [clusterIPs[0]],
          ipFamilies: [ipFamilies[0]],
        });
      });
      isRight(down, ["IPv4"]);
      isRight(await services.change("svc", require), ["IPv4", "IPv6"]);
      const single = ({ spec }: Thing): object => Object.assign(spec, { ipFamilyPolicy: "SingleStack" });
      isRight(await services.change("svc", single), ["IPv4"]);
    });

    test("TestConvertToFromExternalName", async () => {
      const services = await place();
      await services.create(service());
      const external = await services.change("svc", ({ spec }) => {
        delete spec.clusterIP; // And not clusterIPs, as old clients.
        Object.assign(spec, { type: "ExternalName", externalName: "something.somewhere" });
      });
      const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = external["spec"];
      assert.deepEqual(
        [clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy],
        [undefined, undefined, undefined, undefined],
      );
      const back = await services.change("svc", ({ spec }) => {
        delete spec.externalName;
        spec.type = "ClusterIP";
      });
      isRight(back, ["IPv4"]);
    });

    test("TestPreferDualStack, TestServiceUpdate", async () => {
      const services = await place();
      isRight(await services.create(service({ ipFamilyPolicy: "PreferDualStack" })), ["IPv4", "IPv6"]);
      isRight(await services.change("svc", ({ spec }) => Object.assign(spec, { selector: { foo: "bar" } })), [
        "IPv4",
        "IPv6",
      ]);
      for (const kind of ["strategic", "merge"] as const) {
        isRight(await services.patch("svc", kind, { metadata: { labels: { a: kind } } }), ["IPv4", "IPv6"]);
      }
    });

    test("Test_ServiceChangeTypeHeadlessToExternalNameWithPatch", async () => {
      const services = await place();
      await services.create({ metadata: { name: "svc" }, spec: { clusterIP: "None", selector: { foo: "bar" } } });
      const patched = await services.patch("svc", "strategic", {
        spec: { type: "ExternalName", externalName: "foo.bar" },
      });
      assert.deepEqual([patched["spec"].clusterIP, patched["spec"].clusterIPs], [undefined, undefined]);
    });

    test("TestDualStackEndpoints", async () => {
      const addresses = { IPv4: "1.1.1.1", IPv6: "2001:db2::65" };
      await use.typed("nodes").create({ metadata: { name: "fakenode" } });
      for (const families of [["IPv4"], ["IPv6"], ["IPv6", "IPv4"], ["IPv4", "IPv6"]] as const) {
        const namespace = await use.makeNamespace();
        const [pods, endpoints] = [use.typed("pods", namespace), use.typed("endpoints", namespace)];
        const spec = { nodeName: "fakenode", containers: [{ name: "fake-name", image: "fakeimage" }] };
        await pods.create({ metadata: { name: "test-pod", labels: { foo: "bar" } }, spec });
        const podIPs = [{ ip: addresses.IPv4 }, { ip: addresses.IPv6 }];
        const status = { phase: "Running", podIP: addresses.IPv4, podIPs };
        await pods.patch("test-pod", "merge", { status }, { subresource: "status" });
        const ipFamilyPolicy = families.length === 1 ? "SingleStack" : "RequireDualStack";
        const own = service({ ipFamilies: families, ipFamilyPolicy, selector: { foo: "bar" } });
        await use.typed("services", namespace).create(own);
        await eventually(async () => {
          const [subset] = (await endpoints.get("svc"))["subsets"] ?? [];
          assert.equal(subset?.notReadyAddresses?.[0]?.ip, addresses[families[0]]);
          const { items } = await use
            .typed("endpointslices", namespace)
            .list({ labelSelector: "kubernetes.io/service-name=svc" });
          const seen = items.map((slice) => [slice["addressType"], slice["endpoints"]?.[0]?.addresses?.[0]]).sort();
          assert.deepEqual(seen, families.map((family) => [family, addresses[family]]).sort());
        });
      }
    });
  },
  { ...rangesOf(v4, v6), controllers: true },
);

test("TestUpgradeServicePreferToDualStack, TestDowngradeServicePreferFromDualStack", { timeout: 30_000 }, async () => {
  for (const [before, after] of [
    [[v4], [v4, v6]],
    [[v4, v6], [v4]],
  ] as const) {
    const storage = memoryStorage({ clock: realClock });
    const familiesWith = (ranges: readonly string[]): readonly string[] =>
      ranges.length === 1 ? ["IPv4"] : ["IPv4", "IPv6"];
    for (const [i, ranges] of [before, after].entries()) {
      const https = await startHttpsServer({ storage, ...rangesOf(...ranges) });
      const http = http2Client(https.port, https.admin);
      try {
        const target = { group: "", version: "v1", kind: "Service", plural: "services" };
        const services = new TypedResource(http, target, { namespace: "default" });
        if (i === 1) isRight(await services.get("svc-0"), familiesWith(before));
        const spec = { ports, ipFamilyPolicy: "PreferDualStack" };
        isRight(await services.create({ metadata: { name: `svc-${i}` }, spec }), familiesWith(ranges));
      } finally {
        http.close();
        await https.close();
      }
    }
    await storage.close();
  }
});
