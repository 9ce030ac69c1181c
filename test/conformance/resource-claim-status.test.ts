import assert from "node:assert/strict";
import { test } from "node:test";
import { ResourceClaim } from "../../api/resource/v1/dynamic-resources.ts";
import { http2Client } from "../support/http.ts";
import { Refusal, type Thing, TypedResource } from "../support/typed-client.ts";
import { describeUpstream } from "../support/upstream.ts";

const group = "resource.k8s.io";
const device = { driver: "test-driver", pool: "pool1", device: "dev1" };
const account = "dra-plugin";
const nodeKey = "authentication.kubernetes.io/node-name";

interface Case {
  readonly what: string;
  /** What else the account may: resource and verb, in its namespace or (binding) everywhere. */
  readonly may?: readonly [resource: string, verb: string];
  readonly node?: string;
  readonly change: (status: Record<string, unknown>) => object;
  readonly verb?: "update" | "patch";
  /** Why not; absent: it is taken. */
  readonly refusal?: RegExp;
}

const withDevice = (status: object): object => ({ ...status, devices: [device] });
const unbound = ({ allocation: _, ...rest }: Record<string, unknown>): object => rest;
const reserved = (status: object): object => ({
  ...status,
  reservedFor: [{ resource: "pods", name: "pod-1", uid: "uid-1" }],
});
const user = 'User "system:serviceaccount:NS:dra-plugin" cannot';
const noDriver = (verbs: string, verb: string) =>
  `status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[${verbs}]" permission: resourceclaims.resource.k8s.io "test-driver" is forbidden: ${user} ${verb} resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "NS"`;
const noBinding = (verb: string) =>
  `status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: resourceclaims.resource.k8s.io is forbidden: ${user} ${verb} resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope`;

const literal = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));

const cases: readonly Case[] = [
  {
    what: "devices without permission for the driver",
    change: withDevice,
    refusal: literal(noDriver("arbitrary-node:update", "arbitrary-node:update")),
  },
  {
    what: "devices of one's own node without permission",
    node: "worker-1",
    change: withDevice,
    refusal: literal(noDriver("associated-node:update arbitrary-node:update", "associated-node:update")),
  },
  {
    what: "devices of one's own node",
    may: ["driver", "associated-node:update"],
    node: "worker-1",
    change: withDevice,
  },
  {
    what: "devices of another node with permission for one's own",
    may: ["driver", "associated-node:update"],
    node: "worker-2",
    change: withDevice,
    refusal: literal(noDriver("arbitrary-node:update", "arbitrary-node:update")),
  },
  { what: "devices of any node", may: ["driver", "arbitrary-node:update"], change: withDevice },
  { what: "no allocation any more without permission", change: unbound, refusal: literal(noBinding("update")) },
  { what: "no allocation any more", may: ["binding", "update"], change: unbound },
  { what: "consumers", may: ["binding", "update"], change: reserved },
  { what: "consumers by a patch", may: ["binding", "patch"], change: reserved, verb: "patch" },
  {
    what: "consumers by a patch with permission to update",
    may: ["binding", "update"],
    change: reserved,
    verb: "patch",
    refusal: literal(noBinding("patch")),
  },
  {
    what: "consumers and devices with permission for the driver alone",
    may: ["driver", "arbitrary-node:update"],
    change: (status) => reserved(withDevice(status)),
    refusal: literal(noBinding("update")),
  },
  { what: "nothing", change: (status) => status },
];

/** Upstream's test/integration/auth/resourceclaim_test.go (DRAResourceClaimGranularStatusAuthorization). */
describeUpstream("the status of resource claims", (use) => {
  const grant = async (namespace: string, name: string, resources: string[], verbs: string[], everywhere = false) => {
    const roles = everywhere ? use.dynamic("clusterroles") : use.dynamic("roles", namespace);
    const bindings = everywhere ? use.dynamic("clusterrolebindings") : use.dynamic("rolebindings", namespace);
    await roles.create({ metadata: { name }, rules: [{ apiGroups: [group], resources, verbs }] });
    const kind = everywhere ? "ClusterRole" : "Role";
    await bindings.create({
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
      subjects: [{ kind: "ServiceAccount", namespace, name: account }],
    });
  };

  for (const { what, may, node, change, verb = "update", refusal } of cases) {
    test(`${refusal === undefined ? "takes" : "refuses"} ${what}`, async () => {
      const namespace = await use.makeNamespace();
      const claims = use.dynamic("resourceclaims", namespace);
      const request = { name: "req-1", firstAvailable: [{ name: "subreq-1", deviceClassName: "test-class" }] };
      await claims.create({ metadata: { name: "claim" }, spec: { devices: { requests: [request] } } });
      const matchFields = [{ key: "metadata.name", operator: "In", values: ["worker-1"] }];
      const claim = await claims.change(
        "claim",
        (draft) => {
          const allocation = {
            nodeSelector: { nodeSelectorTerms: [{ matchFields }] },
            devices: { results: [{ request: "req-1", ...device }] },
          };
          Object.assign(draft, { status: { allocation } });
        },
        "status",
      );
      await grant(namespace, "status", ["resourceclaims/status"], ["update", "patch"]);
      if (may !== undefined) {
        const [resource, allowed] = may;
        await grant(
          namespace,
          `${resource}-${namespace}`,
          [`resourceclaims/${resource}`],
          [allowed],
          resource === "binding",
        );
      }
      const status = change(claim["status"]);
      const write = as(namespace, node, (own): Promise<Thing> => {
        if (verb === "update") return own.update({ ...claim, status }, "status");
        return own.patch("claim", "merge", { status }, { subresource: "status" });
      });
      if (refusal === undefined) await write;
      else {
        await assert.rejects(write, (error) => {
          assert.ok(error instanceof Refusal);
          assert.equal(error.code, 422);
          assert.match(String(error.status["message"]).replaceAll(namespace, "NS"), refusal);
          return true;
        });
      }
    });
  }

  const as = async <T>(namespace: string, node: string | undefined, act: (own: TypedResource) => Promise<T>) => {
    const headers = {
      "impersonate-user": `system:serviceaccount:${namespace}:${account}`,
      ...(node === undefined ? {} : { [`impersonate-extra-${encodeURIComponent(nodeKey)}`]: node }),
    };
    const client = http2Client(use.https.port, use.https.admin);
    const impersonating = {
      ...client,
      call: (call: Parameters<typeof client.call>[0]) =>
        client.call({ ...call, headers: { ...call.headers, ...headers } }),
    };
    try {
      return await act(new TypedResource(impersonating, ResourceClaim, { namespace }));
    } finally {
      client.close();
    }
  };
});
