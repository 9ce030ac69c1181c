import assert from "node:assert/strict";
import { test } from "node:test";
import { type Operations, supportsOperations } from "../../support/api-operations.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const conditionOf = (object: Thing, type: string): Thing | undefined =>
  (object["status"].conditions as readonly Thing[]).find((condition) => condition["type"] === type);

/** A condition that is patched in, and one more by an update; the status alone can be read. */
async function hasStatus(resource: TypedResource, { metadata, kind }: Thing, more: object = {}): Promise<void> {
  const { name, uid } = metadata;
  const read = await resource.get(`${name}/status`);
  assert.deepEqual([read.kind, read.metadata.uid], [kind, uid]);
  const condition = { type: "PatchStatusFailed", status: "False", reason: "e2e", ...more };
  const patched = await resource.patch(
    name,
    "merge",
    { status: { conditions: [condition] } },
    { subresource: "status" },
  );
  assert.equal(conditionOf(patched, "PatchStatusFailed")?.["reason"], "e2e");
  const next = { type: "StatusUpdateFailed", status: "False", reason: "E2E", message: "Set from an e2e test", ...more };
  const updated = await resource.change(
    name,
    (draft) => Object.assign(draft["status"], { conditions: [...(draft["status"].conditions ?? []), next] }),
    "status",
  );
  assert.ok(conditionOf(updated, "StatusUpdateFailed"));
}

const conditionInFull = { message: "Set from an e2e test", lastTransitionTime: "2024-01-01T00:00:00Z" };
const name = (prefix: string, i: number): { readonly name: string } => ({ name: `${prefix}-${i}` });
const generated = (prefix: string): { readonly generateName: string } => ({ generateName: `${prefix}-` });
const matchConstraints = {
  resourceRules: [{ operations: ["CREATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] }],
};

const cluster: Readonly<Record<string, Operations>> = {
  "should support RuntimeClasses API operations": {
    resource: "runtimeclasses",
    make: (i) => ({ metadata: name("class", i), handler: `handler-${i}` }),
  },
  "should support creating IngressClass API operations": {
    resource: "ingressclasses",
    make: (i) => ({ metadata: name("class", i), spec: { controller: "example.com/controller" } }),
  },
  "should support FlowSchema API operations": {
    resource: "flowschemas",
    subresources: ["status"],
    make: () => ({
      metadata: generated("e2e-example-fs"),
      spec: {
        matchingPrecedence: 10_000,
        priorityLevelConfiguration: { name: "global-default" },
        distinguisherMethod: { type: "ByUser" },
        rules: [
          {
            subjects: [{ kind: "User", user: { name: "example-e2e-non-existent-user" } }],
            nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
          },
        ],
      },
    }),
    patch: { spec: { matchingPrecedence: 9_999 } },
    patched: ({ spec }) => assert.equal(spec.matchingPrecedence, 9_999),
    update: (draft) => Object.assign(draft["spec"], { matchingPrecedence: 9_000 }),
    updated: ({ spec }) => assert.equal(spec.matchingPrecedence, 9_000),
    below: hasStatus,
  },
  "should support PriorityLevelConfiguration API operations": {
    resource: "prioritylevelconfigurations",
    subresources: ["status"],
    make: () => ({
      metadata: generated("e2e-example-pl"),
      spec: { type: "Limited", limited: { nominalConcurrencyShares: 2, limitResponse: { type: "Reject" } } },
    }),
    patch: { spec: { limited: { nominalConcurrencyShares: 4 } } },
    patched: ({ spec }) => assert.equal(spec.limited.nominalConcurrencyShares, 4),
    update: (draft) => Object.assign(draft["spec"].limited, { nominalConcurrencyShares: 6 }),
    updated: ({ spec }) => assert.equal(spec.limited.nominalConcurrencyShares, 6),
    below: hasStatus,
  },
  "should support ValidatingAdmissionPolicy API operations": {
    resource: "validatingadmissionpolicies",
    subresources: ["status"],
    make: () => ({
      metadata: generated("e2e-example-vap"),
      spec: { validations: [{ expression: "object.spec.replicas <= 100" }], matchConstraints },
    }),
    patch: { spec: { failurePolicy: "Ignore" } },
    patched: ({ spec }) => assert.equal(spec.failurePolicy, "Ignore"),
    update: (draft) => Object.assign(draft["spec"], { failurePolicy: "Fail" }),
    updated: ({ spec }) => assert.equal(spec.failurePolicy, "Fail"),
    below: (resource, created) => hasStatus(resource, created, conditionInFull),
  },
  "should support ValidatingAdmissionPolicyBinding API operations": {
    resource: "validatingadmissionpolicybindings",
    make: () => ({
      metadata: generated("e2e-example-vapb"),
      spec: { policyName: "replicalimit-policy.example.com", validationActions: ["Deny"] },
    }),
    patch: { spec: { validationActions: ["Warn"] } },
    patched: ({ spec }) => assert.deepEqual(spec.validationActions, ["Warn"]),
    update: (draft) => Object.assign(draft["spec"], { validationActions: ["Deny"] }),
    updated: ({ spec }) => assert.deepEqual(spec.validationActions, ["Deny"]),
  },
  "should support MutatingAdmissionPolicy API operations": {
    resource: "mutatingadmissionpolicies",
    make: () => ({
      metadata: generated("e2e-example-map"),
      spec: {
        reinvocationPolicy: "Never",
        matchConstraints,
        mutations: [
          {
            patchType: "ApplyConfiguration",
            applyConfiguration: { expression: 'Object{ metadata: Object.metadata{ labels: {"test": "test"} } }' },
          },
        ],
      },
    }),
    patch: { spec: { reinvocationPolicy: "IfNeeded" } },
    patched: ({ spec }) => assert.equal(spec.reinvocationPolicy, "IfNeeded"),
    update: (draft) => Object.assign(draft["spec"], { reinvocationPolicy: "Never" }),
    updated: ({ spec }) => assert.equal(spec.reinvocationPolicy, "Never"),
  },
  "should support MutatingAdmissionPolicyBinding API operations": {
    resource: "mutatingadmissionpolicybindings",
    make: () => ({ metadata: generated("e2e-example-mapb"), spec: { policyName: "policy.example.com" } }),
    patch: { spec: { policyName: "new-policy.example.com" } },
    patched: ({ spec }) => assert.equal(spec.policyName, "new-policy.example.com"),
    update: (draft) => Object.assign(draft["spec"], { policyName: "policy.example.com" }),
    updated: ({ spec }) => assert.equal(spec.policyName, "policy.example.com"),
  },
};

const namespaced: Readonly<Record<string, Omit<Operations, "namespace">>> = {
  "should support creating Ingress API operations": {
    resource: "ingresses",
    subresources: ["status"],
    make: () => ({
      metadata: generated("e2e-example-ing"),
      spec: { defaultBackend: { service: { name: "default-backend", port: { number: 80 } } } },
    }),
    async below(resource, { metadata }) {
      const loadBalancer = { ingress: [{ ip: "169.1.1.1" }] };
      const patch = { metadata: { annotations: { patchedstatus: "true" } }, status: { loadBalancer } };
      const patched = await resource.patch(metadata.name, "merge", patch, { subresource: "status" });
      assert.deepEqual(patched["status"], { loadBalancer });
      assert.equal(patched.metadata.annotations?.["patchedstatus"], "true");
      const next = { loadBalancer: { ingress: [{ ip: "169.1.1.2" }] } };
      const set = (draft: Thing): void => void Object.assign(draft, { status: next });
      assert.deepEqual((await resource.change(metadata.name, set, "status"))["status"], next);
      assert.equal((await resource.get(`${metadata.name}/status`)).metadata.uid, metadata.uid);
    },
  },
  "should support creating EndpointSlice API operations": {
    resource: "endpointslices",
    make: () => ({
      metadata: generated("e2e-example-eps"),
      addressType: "IPv4",
      endpoints: [{ addresses: ["1.2.3.4"] }],
    }),
  },
  "should support CSIStorageCapacities API operations": {
    resource: "csistoragecapacities",
    make: () => ({ metadata: generated("e2e-example-csc"), storageClassName: "fake-class", capacity: "10Gi" }),
  },
  "should support CronJob API operations": {
    resource: "cronjobs",
    subresources: ["status"],
    make: () => ({
      metadata: generated("e2e-example-cj"),
      spec: {
        schedule: "*/1 * * * ?",
        concurrencyPolicy: "Allow",
        suspend: true,
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: "OnFailure", containers: [{ name: "c", image: "busybox" }] } },
          },
        },
      },
    }),
    async below(resource, { metadata }) {
      const status = { lastScheduleTime: "2024-05-01T10:00:00Z" };
      const patch = { metadata: { annotations: { patchedstatus: "true" } }, status };
      const patched = await resource.patch(metadata.name, "merge", patch, { subresource: "status" });
      assert.deepEqual(patched["status"], status);
      assert.equal(patched.metadata.annotations?.["patchedstatus"], "true");
      const next = { lastScheduleTime: "2024-05-01T10:00:10Z" };
      const set = (draft: Thing): void => void Object.assign(draft, { status: next });
      assert.deepEqual((await resource.change(metadata.name, set, "status"))["status"], next);
      assert.equal((await resource.get(`${metadata.name}/status`)).metadata.uid, metadata.uid);
    },
  },
};

describeUpstream("API operations", (use) => {
  for (const [title, operations] of Object.entries(cluster)) {
    test(title, () => supportsOperations(use, operations));
  }
  for (const [title, operations] of Object.entries(namespaced)) {
    test(title, async () => supportsOperations(use, { ...operations, namespace: await use.makeNamespace() }));
  }
});
