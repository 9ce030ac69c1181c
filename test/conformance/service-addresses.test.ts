import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expect, failure, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import type { HttpClient } from "../support/http.ts";

const networking = "/apis/networking.k8s.io/v1";
const ipAddresses = `${networking}/ipaddresses`;
const serviceCidrs = `${networking}/servicecidrs`;
const services = "/api/v1/namespaces/default/services";
const components = "/api/v1/componentstatuses";
const merge = { "content-type": "application/merge-patch+json" };
const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };

interface Cause {
  readonly field: string;
  readonly reason?: string;
  readonly message: string;
}

const kinds = {
  IPAddress: { group: "networking.k8s.io", kind: "IPAddress", shown: "IPAddress.networking.k8s.io" },
  ServiceCIDR: { group: "networking.k8s.io", kind: "ServiceCIDR", shown: "ServiceCIDR.networking.k8s.io" },
  Service: { kind: "Service", shown: "Service" },
} as const;

/** A refusal of one object, whole. */
function invalid(kind: keyof typeof kinds, name: string, ...causes: readonly Cause[]): object {
  const { shown, ...details } = kinds[kind];
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const told = causes.map(({ field, reason = "FieldValueInvalid", message }) => ({ reason, message, field }));
  return failure(422, "Invalid", `${shown} "${name}" is invalid: ${text}`, { name, ...details, causes: told });
}

const ipAddress = (name: string, parentRef?: object): object => ({
  metadata: { name },
  spec: parentRef === undefined ? {} : { parentRef },
});
const serviceCidr = (name: string, ...cidrs: string[]): object => ({ metadata: { name }, spec: { cidrs } });
const service = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});

const post = (client: HttpClient, path: string, body: object, status: number, answer?: object) =>
  expect(client, { method: "POST", path, body }, status, answer);

const resource = (client: HttpClient, path: string, names: RegExp): Promise<readonly { name: string }[]> =>
  expect(client, { path }, 200).then(({ json }) =>
    (json as { resources: { name: string }[] }).resources.filter(({ name }) => names.test(name)),
  );

onBothProtocols("addresses of services", (subject) => {
  test("discovery tells of IPAddresses, ServiceCIDRs and ComponentStatuses", async () => {
    const { admin } = subject();
    const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    const found = await resource(admin, networking, /^ipaddresses|^servicecidrs/);
    assert.deepEqual(found, [
      {
        name: "ipaddresses",
        singularName: "ipaddress",
        namespaced: false,
        kind: "IPAddress",
        verbs,
        shortNames: ["ip"],
        storageVersionHash: "3f/plJFChNE=",
      },
      {
        name: "servicecidrs",
        singularName: "servicecidr",
        namespaced: false,
        kind: "ServiceCIDR",
        verbs,
        storageVersionHash: "gNLvruQhW2g=",
      },
      {
        name: "servicecidrs/status",
        singularName: "",
        namespaced: false,
        kind: "ServiceCIDR",
        verbs: ["get", "patch", "update"],
      },
    ]);
    assert.deepEqual(await resource(admin, "/api/v1", /^componentstatuses/), [
      {
        name: "componentstatuses",
        singularName: "componentstatus",
        namespaced: false,
        kind: "ComponentStatus",
        verbs: ["get", "list"],
        shortNames: ["cs"],
      },
    ]);
  });

  test("the server's own range is a ServiceCIDR that is ready", async () => {
    const { admin } = subject();
    const { spec, status } = seen(await expect(admin, { path: `${serviceCidrs}/kubernetes` }, 200));
    const [condition] = status!["conditions"] as { lastTransitionTime: string }[];
    assert.deepEqual(spec, { cidrs: ["10.96.0.0/16"] });
    const { lastTransitionTime, ...rest } = condition!;
    assert.match(lastTransitionTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(rest, {
      type: "Ready",
      status: "True",
      reason: "",
      message: "Kubernetes default Service CIDR is ready",
    });
  });

  test("a service's address has an IPAddress of its name, from the service's first moment to its last", async () => {
    const { admin } = subject();
    const made = seen(await post(admin, services, service("held"), 201));
    const ip = made.spec!["clusterIP"] as string;
    const one = `${ipAddresses}/${ip}`;
    const { uid, resourceVersion, creationTimestamp, ...metadata } = seen(
      await expect(admin, { path: one }, 200),
    ).metadata;
    const olderMs = Date.parse(made.metadata.creationTimestamp) - Date.parse(creationTimestamp);
    // Whole seconds: the service's time is taken before its address.
    assert.ok(uid !== "" && olderMs <= 0 && olderMs >= -1_000);
    assert.ok(Number(resourceVersion) < Number(made.metadata.resourceVersion));
    assert.deepEqual(metadata, {
      name: ip,
      labels: {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
      },
    });
    const rows = (
      await expect(admin, { path: `${ipAddresses}?fieldSelector=metadata.name%3D${ip}`, headers: table }, 200)
    ).json as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
    assert.deepEqual(
      rows.columnDefinitions.map(({ name }) => name),
      ["Name", "ParentRef"],
    );
    assert.deepEqual(
      rows.rows.map(({ cells }) => cells),
      [[ip, "services/default/held"]],
    );
    await expect(admin, { method: "DELETE", path: `${services}/held` }, 200);
    await expect(
      admin,
      { path: one },
      404,
      failure(404, "NotFound", `ipaddresses.networking.k8s.io "${ip}" not found`, {
        name: ip,
        group: "networking.k8s.io",
        kind: "ipaddresses",
      }),
    );
  });

  test("an address that is taken, of no range, or that nobody has is refused", async () => {
    const { admin } = subject();
    const refused = (clusterIP: string, text: string): Promise<unknown> =>
      post(
        admin,
        services,
        service("s", { clusterIP }),
        422,
        invalid("Service", "s", {
          field: "spec.clusterIPs",
          message: `Invalid value: ["${clusterIP}"]: failed to allocate IP ${clusterIP}: ${text}`,
        }),
      );
    await refused("10.96.0.1", "provided IP is already allocated");
    await refused("10.9.0.3", "the provided network does not match the current range");
    await refused("10.96.0.0", "the provided network does not match the current range");
    await refused("10.96.255.255", "the provided network does not match the current range");
    await post(
      admin,
      ipAddresses,
      ipAddress("10.96.0.77", { resource: "gateways", group: "example.com", name: "g" }),
      201,
    );
    await refused("10.96.0.77", "provided IP is already allocated");
    await expect(admin, { method: "DELETE", path: `${ipAddresses}/10.96.0.77` }, 200);
    await post(admin, services, service("s", { clusterIP: "10.96.0.77" }), 201);
    await expect(admin, { method: "DELETE", path: `${services}/s` }, 200);
  });

  test("a dry run takes nothing, and says what upstream's says", async () => {
    const { admin } = subject();
    const before = await expect(admin, { path: ipAddresses }, 200);
    const tried = await post(admin, `${services}?dryRun=All`, service("dry", { type: "NodePort" }), 201);
    const { clusterIP, clusterIPs, ports } = seen(tried).spec as Record<string, unknown>;
    assert.deepEqual([clusterIP, clusterIPs], ["10.96.0.0", ["10.96.0.0"]]);
    assert.deepEqual(ports, [{ protocol: "TCP", port: 80, targetPort: 80, nodePort: 32_769 }]);
    await post(
      admin,
      `${services}?dryRun=All`,
      service("dry", { clusterIP: "10.9.0.3" }),
      422,
      invalid("Service", "dry", {
        field: "spec.clusterIPs",
        message:
          'Invalid value: ["10.9.0.3"]: failed to allocate IP 10.9.0.3: the provided IP (10.9.0.3) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
      }),
    );
    const names = (list: { json: unknown }): string[] =>
      (list.json as { items: Seen[] }).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(names(await expect(admin, { path: ipAddresses }, 200)), names(before));
  });

  test("ports of nodes that are taken or of no range are refused, and free again when their service is gone", async () => {
    const { admin } = subject();
    const ports = (nodePort: number): object => ({ type: "NodePort", ports: [{ port: 80, nodePort }] });
    const refused = (nodePort: number, text: string): Promise<unknown> =>
      post(
        admin,
        services,
        service("second", ports(nodePort)),
        422,
        invalid("Service", "second", {
          field: "spec.ports[0].nodePort",
          message: `Invalid value: ${nodePort}: ${text}`,
        }),
      );
    await refused(29_999, "provided port is not in the valid range. The range of valid ports is 30000-32767");
    for (let round = 0; round < 2; round++) {
      await post(admin, services, service("first", ports(30_123)), 201);
      await refused(30_123, "provided port is already allocated");
      const health = { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30_123 };
      const text = "failed to allocate requested HealthCheck NodePort 30123: provided port is already allocated";
      await post(
        admin,
        services,
        service("second", health),
        500,
        failure(500, "InternalError", `Internal error occurred: ${text}`, { causes: [{ message: text }] }),
      );
      await expect(admin, { method: "DELETE", path: `${services}/first` }, 200);
    }
  });

  test("IPAddresses are validated", async () => {
    const { admin } = subject();
    const parent = { resource: "gateways", name: "g" };
    const named = (name: string, message: string): Promise<unknown> => {
      const cause = { field: "metadata.name", message: `Invalid value: "${name}": ${message}` };
      return post(admin, ipAddresses, ipAddress(name, parent), 422, invalid("IPAddress", name, cause));
    };
    await named("hello", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    await named("010.0.0.1", "must not have leading 0s");
    await named("2001:DB8::1", 'must be in canonical form ("2001:db8::1")');
    const required = (field: string): Cause => ({ field, reason: "FieldValueRequired", message: "Required value" });
    const name = "192.0.2.1";
    await post(admin, ipAddresses, ipAddress(name), 422, invalid("IPAddress", name, required("spec.parentRef")));
    const without = invalid("IPAddress", name, required("spec.parentRef.resource"), required("spec.parentRef.name"));
    await post(admin, ipAddresses, ipAddress(name, {}), 422, without);
    const made = seen(await post(admin, ipAddresses, ipAddress(name, parent), 201));
    const changed = { ...made, spec: { parentRef: { ...parent, name: "other" } } };
    await expect(
      admin,
      { method: "PUT", path: `${ipAddresses}/${name}`, body: changed },
      422,
      invalid("IPAddress", name, {
        field: "spec.parentRef",
        message: 'Invalid value: {"Group":"","Resource":"gateways","Namespace":"","Name":"other"}: field is immutable',
      }),
    );
    await expect(
      admin,
      { path: `${ipAddresses}?fieldSelector=spec.parentRef.name%3Dg` },
      400,
      failure(
        400,
        "BadRequest",
        '"spec.parentRef.name" is not a known field selector: only "metadata.name", "metadata.namespace"',
      ),
    );
    await expect(admin, { method: "DELETE", path: `${ipAddresses}/${name}` }, 200);
  });

  test("ServiceCIDRs are validated; a second family may be added, and nothing else changed", async () => {
    const { admin } = subject();
    const refused = (cidrs: string[], field: string, message: string, reason = "FieldValueInvalid"): Promise<unknown> =>
      post(
        admin,
        serviceCidrs,
        serviceCidr("c", ...cidrs),
        422,
        invalid("ServiceCIDR", "c", { field, reason, message }),
      );
    await refused([], "spec.cidrs", "Required value: at least one CIDR required", "FieldValueRequired");
    await refused(
      ["x"],
      "spec.cidrs[0]",
      'Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    );
    await refused(
      ["10.0.0.1/24"],
      "spec.cidrs[0]",
      'Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
    );
    await refused(
      ["10.0.0.0/24", "10.1.0.0/24"],
      "spec.cidrs",
      'Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    );
    await refused(
      ["10.0.0.0/24", "2001:db8::/64", "10.2.0.0/24"],
      "spec.cidrs",
      'Invalid value: {"CIDRs":["10.0.0.0/24","2001:db8::/64","10.2.0.0/24"]}: may only hold up to 2 values',
    );
    const given = { ...serviceCidr("c", "10.9.0.0/24"), status: { conditions: [{ type: "Ready" }] } };
    const made = seen(await post(admin, serviceCidrs, given, 201));
    assert.deepEqual(made.status, {});
    const put = (cidrs: string[], status: number, answer?: object) =>
      expect(admin, { method: "PUT", path: `${serviceCidrs}/c`, body: { ...made, spec: { cidrs } } }, status, answer);
    const immutable = (field: string, shown: string): object =>
      invalid("ServiceCIDR", "c", { field, message: `Invalid value: ${shown}: field is immutable` });
    await put(["10.8.0.0/24"], 422, immutable("spec.cidrs[0]", '"10.8.0.0/24"'));
    await put([], 422, immutable("spec.cidrs", "[]"));
    const both = ["10.9.0.0/24", "2001:db8::/64"];
    assert.deepEqual(seen(await put(both, 200)).spec, { cidrs: both });
    const told = {
      type: "Ready",
      status: "False",
      reason: "R",
      message: "m",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const patch = { spec: { cidrs: ["1.2.3.0/24"] }, status: { conditions: [told] } };
    const call = { method: "PATCH", path: `${serviceCidrs}/c/status`, headers: merge, body: patch };
    const { spec, status } = seen(await expect(admin, call, 200));
    assert.deepEqual([spec, status], [{ cidrs: both }, { conditions: [told] }]);
    const rows = (await expect(admin, { path: serviceCidrs, headers: table }, 200)).json as {
      rows: { cells: string[] }[];
    };
    assert.deepEqual(
      rows.rows.map(({ cells }) => cells.slice(0, 2)),
      [
        ["c", "10.9.0.0/24,2001:db8::/64"],
        ["kubernetes", "10.96.0.0/16"],
      ],
    );
    // It says that it is not ready: no address comes out of it.
    const field = "spec.clusterIPs";
    const message =
      'Invalid value: ["10.9.0.3"]: failed to allocate IP 10.9.0.3: the provided network does not match the current range';
    const wanted = service("s", { clusterIP: "10.9.0.3" });
    await post(admin, services, wanted, 422, invalid("Service", "s", { field, message }));
    const ready = { status: { conditions: [{ ...told, status: "True" }] } };
    await expect(admin, { ...call, body: ready }, 200);
    await post(admin, services, wanted, 201);
    await expect(admin, { method: "DELETE", path: `${services}/s` }, 200);
    await expect(admin, { method: "DELETE", path: `${serviceCidrs}/c` }, 200);
  });

  test("components are asked when somebody looks, with a warning that it is deprecated", async () => {
    const { admin } = subject();
    const warning = '299 - "v1 ComponentStatus is deprecated in v1.19+"';
    const store = { metadata: { name: "etcd-0" }, conditions: [{ type: "Healthy", status: "True", message: "ok" }] };
    const list = { kind: "ComponentStatusList", apiVersion: "v1", metadata: {} };
    assert.equal(
      (await expect(admin, { path: components }, 200, { ...list, items: [store] })).headers["warning"],
      warning,
    );
    await expect(admin, { path: `${components}?watch=true` }, 200, { ...list, items: [store] });
    await expect(admin, { path: `${components}?labelSelector=a%3Db` }, 200, { ...list, items: [] });
    await expect(admin, { path: `${components}?fieldSelector=metadata.name%3Detcd-0` }, 200, {
      ...list,
      items: [store],
    });
    const one = await expect(admin, { path: `${components}/etcd-0` }, 200, {
      kind: "ComponentStatus",
      apiVersion: "v1",
      ...store,
    });
    assert.equal(one.headers["warning"], warning);
    const unknown = failure(404, "NotFound", 'componentstatus "etcd-1" not found', {
      name: "etcd-1",
      kind: "componentstatus",
    });
    await expect(admin, { path: `${components}/etcd-1` }, 404, unknown);
    const cells = (await expect(admin, { path: components, headers: table }, 200)).json as {
      rows: { cells: string[] }[];
    };
    assert.deepEqual(
      cells.rows.map((row) => row.cells),
      [["etcd-0", "Healthy", "ok", ""]],
    );
    const text = "the server does not allow this method on the requested resource";
    for (const method of ["POST", "PUT", "DELETE"]) {
      await expect(admin, { method, path: components, body: {} }, 405, failure(405, "MethodNotAllowed", text, {}));
    }
  });
});

describe("what is wrong with a component", () => {
  onBothProtocols(
    "is told",
    (subject) => {
      test("one that is not well says why, one that never answers is Unknown", async () => {
        const { admin } = subject();
        const { items } = (await expect(admin, { path: components }, 200)).json as {
          items: { metadata: { name: string }; conditions: object[] }[];
        };
        assert.deepEqual(
          items.map(({ metadata, conditions }) => [metadata.name, conditions[0]]),
          [
            ["scheduler", { type: "Healthy", status: "False", message: "connection refused" }],
            ["controller-manager", { type: "Healthy", status: "Unknown", error: "never heard of it" }],
            ["etcd-0", { type: "Healthy", status: "True", message: "ok" }],
          ],
        );
        const shown = (await expect(admin, { path: components, headers: table }, 200)).json as {
          rows: { cells: string[] }[];
        };
        assert.deepEqual(
          shown.rows.map(({ cells }) => cells),
          [
            ["scheduler", "Unhealthy", "connection refused", ""],
            ["controller-manager", "Unhealthy", "", "never heard of it"],
            ["etcd-0", "Healthy", "ok", ""],
          ],
        );
      });
    },
    {
      more: {
        components: [
          { name: "scheduler", check: () => ({ status: "False", message: "connection refused" }) },
          { name: "controller-manager", check: () => ({ status: "Unknown", error: "never heard of it" }) },
        ],
      },
    },
  );
});
