import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import { issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import type { ObjectReader } from "../registry/access.ts";
import { compareVersions, sortedByGroupAndVersion } from "./api-services.ts";
import { authenticationData, combinedData } from "./authentication-config.ts";
import { automanagedLabel, type LocalVersion, register } from "./autoregistration.ts";
import { changedCondition, judgeService, passed } from "./availability.ts";
import { versionsOf } from "./custom-versions.ts";
import { mergedDiscovery, mergedGroups, resourcesOfList } from "./discovery-documents.ts";
import { identityHeaders } from "./identity.ts";
import { builtInPriority, customPriority } from "./priorities.ts";
import { resolveService } from "./resolve.ts";

function apiService(name: string, change: { spec?: object; metadata?: object; status?: object } = {}): APIService {
  const [version = "", ...rest] = name.split(".");
  const spec = { group: rest.join("."), version, groupPriorityMinimum: 100, versionPriority: 10, ...change.spec };
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name, ...change.metadata },
    spec,
    status: { ...change.status },
  };
}

const backedBy = { service: { namespace: "n", name: "s", port: 443 } };
const serviceWith = (spec: object): Service =>
  ({ apiVersion: "v1", kind: "Service", metadata: { namespace: "n", name: "s" }, spec }) as unknown as Service;
const slice = (change: object = {}): EndpointSlice =>
  ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "n", name: "s-1", labels: { "kubernetes.io/service-name": "s" } },
    addressType: "IPv4",
    ports: [{ name: "https", port: 8443 }],
    endpoints: [{ addresses: ["10.0.0.1"] }],
    ...change,
  }) as unknown as EndpointSlice;
const clusterIp = serviceWith({ type: "ClusterIP", clusterIP: "10.96.0.9", ports: [{ name: "https", port: 443 }] });

describe("availability", () => {
  const reason = (service: Service | undefined, slices: readonly EndpointSlice[]) =>
    judgeService(apiService("v1.g", { spec: backedBy }), { service, slices })?.reason;

  it("needs the service, its port, and an endpoint that is ready", () => {
    assert.equal(reason(undefined, []), "ServiceNotFound");
    assert.equal(reason(serviceWith({ type: "ClusterIP", ports: [{ port: 80 }] }), []), "ServicePortError");
    assert.equal(reason(clusterIp, []), "EndpointsNotFound");
    assert.equal(reason(clusterIp, [slice({ endpoints: [] })]), "MissingEndpoints");
    assert.equal(reason(clusterIp, [slice({ ports: [{ name: "http", port: 1 }] })]), "MissingEndpoints");
    assert.equal(reason(clusterIp, [slice()]), undefined);
    assert.equal(reason(serviceWith({ type: "ExternalName", externalName: "x" }), []), undefined);
  });

  it("is told when it changes, and keeps the time where only the reason does", () => {
    const since = "2026-01-01T00:00:00Z";
    const conditions = [
      { type: "Available", status: "True", reason: "Passed", message: "m", lastTransitionTime: since },
    ];
    const current = apiService("v1.g", { status: { conditions } });
    assert.equal(changedCondition(current, { ...passed, message: "m" }, 5), undefined);
    assert.equal(changedCondition(current, passed, 5)?.lastTransitionTime, since);
    const down = changedCondition(current, { status: "False", reason: "r", message: "m" }, Date.parse("2026-02-01"));
    assert.equal(down?.lastTransitionTime, "2026-02-01T00:00:00Z");
  });
});

describe("registration", () => {
  const wanted: LocalVersion = { group: "apps", version: "v1", priority: { group: 1, version: 2 }, managed: "onstart" };
  const custom: LocalVersion = { ...wanted, managed: "true" };
  const own = (managed: string, spec: object = {}) =>
    apiService("v1.apps", {
      metadata: { labels: { [automanagedLabel]: managed } },
      spec: { groupPriorityMinimum: 1, versionPriority: 2, ...spec },
    });

  it("makes and corrects its own at the start, and custom resources' at any time", () => {
    const operation = (current: APIService | undefined, of: LocalVersion | undefined, first: boolean) =>
      register({ current, wanted: of, first }).operation;
    assert.equal(operation(undefined, wanted, true), "create");
    assert.equal(operation(undefined, wanted, false), "none");
    assert.equal(operation(own("onstart", { versionPriority: 9 }), wanted, true), "update");
    assert.equal(operation(own("onstart"), wanted, true), "none");
    assert.equal(operation(undefined, custom, false), "create");
    assert.equal(operation(own("true", { versionPriority: 9 }), custom, false), "update");
    assert.equal(operation(own("true"), undefined, false), "delete");
    assert.equal(operation(own("onstart"), undefined, true), "delete");
    assert.equal(operation(own("onstart"), undefined, false), "none");
  });

  it("leaves those of others alone", () => {
    const foreign = apiService("v1.apps", { spec: backedBy });
    for (const first of [true, false]) {
      assert.equal(register({ current: foreign, wanted, first }).operation, "none");
      assert.equal(register({ current: foreign, wanted: undefined, first }).operation, "none");
    }
  });

  it("covers the versions of established custom resources that are served", () => {
    const definition = (
      established: string,
    ): Parameters<typeof versionsOf>[0] extends Iterable<infer T> ? T : never => ({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: {},
      spec: {
        group: "x.io",
        versions: [
          { name: "v1", served: true },
          { name: "v2", served: false },
        ],
      },
      status: { conditions: [{ type: "Established", status: established }] },
    });
    assert.deepEqual(versionsOf([definition("False")]), []);
    assert.deepEqual(versionsOf([definition("True"), definition("True")]), [
      { group: "x.io", version: "v1", priority: customPriority, managed: "true" },
    ]);
    assert.deepEqual(builtInPriority("resource.k8s.io", "v1"), { group: 16_200, version: 21 });
    assert.equal(builtInPriority("constructor", "v1"), undefined);
  });
});

describe("discovery of all together", () => {
  it("orders versions as Kubernetes does", () => {
    const versions = ["foo", "v1alpha2", "v10", "v1beta1", "v2", "bar", "v1", "v1beta2", "v1alpha1"];
    const wanted = ["v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha2", "v1alpha1", "bar", "foo"];
    assert.deepEqual(
      [...versions].sort((a, b) => compareVersions(b, a)),
      wanted,
    );
    const any = fc.oneof(fc.constantFrom(...versions), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(any, any, (a, b) =>
        assert.equal(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a)), 0),
      ),
    );
  });

  it("orders groups by their best priority, then name, and versions within", () => {
    const services = [
      apiService("v1.low", { spec: { groupPriorityMinimum: 1 } }),
      apiService("v1.b", { spec: { groupPriorityMinimum: 50 } }),
      apiService("v1.a", { spec: { groupPriorityMinimum: 50, versionPriority: 1 } }),
      apiService("v2.a", { spec: { groupPriorityMinimum: 2, versionPriority: 5 } }),
    ];
    const names = sortedByGroupAndVersion(services).map((group) => group.map(({ metadata }) => metadata.name));
    assert.deepEqual(names, [["v2.a", "v1.a"], ["v1.b"], ["v1.low"]]);
    const local = ["apiregistration.k8s.io", "new.io"].map((name) => ({ name, versions: [] }));
    assert.deepEqual(
      mergedGroups(local, services).map(({ name }) => name),
      ["apiregistration.k8s.io", "a", "b", "low", "new.io"],
    );
  });

  it("puts remote versions beside local ones", () => {
    const services = [
      apiService("v1.a", { spec: { groupPriorityMinimum: 9, versionPriority: 1 } }),
      apiService("v2.a", { spec: { ...backedBy, groupPriorityMinimum: 9, versionPriority: 5 } }),
    ];
    const local = [{ metadata: { name: "a" }, versions: [{ version: "v1" }] }];
    const remote = [{ group: "a", entry: { version: "v2", freshness: "Stale" as const } }];
    assert.deepEqual(mergedDiscovery(local, remote, services), [
      { metadata: { name: "a" }, versions: [{ version: "v2", freshness: "Stale" }, { version: "v1" }] },
    ]);
  });

  it("understands servers that know plain discovery alone", () => {
    const one = { name: "x", namespaced: false, kind: "X", verbs: ["get"], shortNames: ["xx"] };
    const responseKind = { group: "", version: "", kind: "Scale" };
    assert.deepEqual(resourcesOfList([one, { ...one, name: "y/scale", kind: "Scale", shortNames: [] }]), [
      {
        resource: "x",
        responseKind: { ...responseKind, kind: "X" },
        scope: "Cluster",
        singularResource: "",
        verbs: ["get"],
        shortNames: ["xx"],
      },
      {
        resource: "y",
        responseKind: null,
        scope: "Cluster",
        singularResource: "",
        verbs: [],
        subresources: [{ subresource: "scale", responseKind, verbs: ["get"] }],
      },
    ]);
  });
});

describe("the way to a service", () => {
  const readerOf = (service: Service | undefined, slices: readonly EndpointSlice[]): ObjectReader => ({
    get: ((definition: unknown) => (definition === Service ? service : undefined)) as ObjectReader["get"],
    list: ((definition: unknown) => (definition === EndpointSlice ? slices : [])) as unknown as ObjectReader["list"],
    onChange: () => () => {},
  });
  const resolve = (service: Service | undefined, slices: readonly EndpointSlice[], toEndpoints: boolean) =>
    resolveService({ reader: readerOf(service, slices), random: new SeededRandom(1), toEndpoints }, backedBy.service);

  it("leads to a ready endpoint, of the service's first family where there is one", () => {
    assert.deepEqual(resolve(clusterIp, [slice()], true), { host: "10.0.0.1", port: 8443 });
    const six = slice({ addressType: "IPv6", endpoints: [{ addresses: ["fd00::1"] }] });
    const dual = serviceWith({ ...clusterIp.spec, ipFamilies: ["IPv6", "IPv4"] });
    assert.deepEqual(resolve(dual, [slice(), six], true), { host: "fd00::1", port: 8443 });
    const gone = slice({ endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: false } }] });
    assert.throws(() => resolve(clusterIp, [gone], true), { message: 'no endpoints available for service "s"' });
  });

  it("or to the service's own address", () => {
    assert.deepEqual(resolve(clusterIp, [], false), { host: "10.96.0.9", port: 443 });
    const headless = serviceWith({ type: "ClusterIP", clusterIP: "None", ports: [{ port: 443 }] });
    assert.throws(() => resolve(headless, [], false), { message: 'cannot route to service with ClusterIP "None"' });
    const external = serviceWith({ type: "ExternalName", externalName: "api.example.com" });
    assert.deepEqual(resolve(external, [], false), { host: "api.example.com", port: 443 });
    assert.throws(() => resolve(undefined, [], false), { message: 'services "s" not found' });
  });
});

it("authorities and names that other servers have told stay, authorities until they expire", () => {
  const [ours, theirs, expired] = ["ours", "theirs", "expired"].map((commonName) => authority(commonName));
  const own = { "client-ca-file": ours!, "requestheader-allowed-names": '["a","b"]' };
  const existing = {
    "client-ca-file": `${expired}${theirs}`,
    "requestheader-allowed-names": '["c","a"]',
    more: "x",
  };
  const together = combinedData(existing, own, Date.now());
  assert.deepEqual(together, {
    "client-ca-file": `${theirs}${ours}`,
    "requestheader-allowed-names": '["c","a","b"]',
    more: "x",
  });
  assert.deepEqual(combinedData(together, own, Date.now()), together);
  assert.deepEqual(combinedData({ "client-ca-file": "none", "requestheader-allowed-names": "{" }, own, 0), own);
});

it("extension servers are told the whole user", () => {
  const user = { username: "ann", uid: "7", groups: ["a", "b"], extra: { "example.com/Key": ["1", "2"] } };
  assert.deepEqual(identityHeaders(user), [
    ["X-Remote-User", "ann"],
    ["X-Remote-Uid", "7"],
    ["X-Remote-Group", "a"],
    ["X-Remote-Group", "b"],
    ["X-Remote-Extra-example.com%2Fkey", "1"],
    ["X-Remote-Extra-example.com%2Fkey", "2"],
  ]);
  assert.deepEqual(authenticationData({ clientCa: "c", requestHeaderCa: undefined, allowedNames: [] }), {
    "client-ca-file": "c",
  });
});

/** PEM of an authority; the one called "expired" is. */
function authority(commonName: string): string {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const notAfter = Date.now() + (commonName === "expired" ? -1 : 1) * 86_400_000;
  const der = issueCertificate(
    {
      subject: { commonName },
      publicKey,
      serialNumber: randomBytes(8),
      notBefore: notAfter - 2 * 86_400_000,
      notAfter,
      keyUsages: ["certSign"],
      authority: true,
    },
    { privateKey },
  );
  return toPem("CERTIFICATE", der);
}
