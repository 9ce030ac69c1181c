import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../../../api/apps/v1/deployment.ts";
import { CronJob } from "../../../api/batch/v1/cronjob.ts";
import { Namespace } from "../../../api/core/v1/namespace.ts";
import { Pod } from "../../../api/core/v1/pod.ts";
import { PodTemplate } from "../../../api/core/v1/pod-template.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { MetricsRegistry } from "../../../base/metrics.ts";
import { VirtualClock } from "../../../base/virtual-clock.ts";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { testAttributes } from "../test-attributes.ts";
import { configurationErrors, type PodSecurityConfiguration } from "./configuration.ts";
import { podSecurity } from "./plugin.ts";

interface Outcome {
  readonly refused?: string;
  readonly warnings: readonly string[];
  readonly audit: Readonly<Record<string, string>>;
}

const label = "pod-security.kubernetes.io/";
const namespace = (labels: object, name = "ns") => ({
  metadata: { name, labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [label + key, value])) },
});
const privileged = {
  metadata: { name: "p", namespace: "ns" },
  spec: { containers: [{ name: "c", image: "x", securityContext: { privileged: true } }] },
};
const detail = 'privileged (container "c" must not set securityContext.privileged=true)';

function setUp(labels: object | undefined, configuration: PodSecurityConfiguration = {}) {
  const objects = new MemoryObjects();
  if (labels !== undefined) objects.set(Namespace, namespace(labels));
  const metrics = new MetricsRegistry();
  const clock = new VirtualClock();
  const plugin = podSecurity({ reader: objects, clock, metrics, namespaces: Namespace, pods: Pod, configuration });
  const ask = (definition: ResourceDefinition<never>, object: object, change: Partial<AdmissionAttributes> = {}) => {
    const warnings: string[] = [];
    const audit: Record<string, string> = {};
    const attributes = testAttributes(definition as unknown as ResourceDefinition<ApiObject>, object, {
      warn: (text) => void warnings.push(text),
      auditAnnotate: (key, value) => {
        audit[key.replace(label, "")] = value;
      },
      ...change,
    });
    if (!plugin.handles(attributes)) return { warnings, audit };
    try {
      plugin.validate!(attributes);
      return { warnings, audit } as Outcome;
    } catch (error) {
      return { refused: (error as Error).message, warnings, audit } as Outcome;
    }
  };
  return { objects, metrics, ask };
}

const none = { warnings: [], audit: {} };

test("a pod that breaks the enforced level is refused, and the violation is counted", () => {
  const { ask, metrics } = setUp({ enforce: "baseline" });
  assert.deepEqual(ask(Pod as never, privileged), {
    refused: `pods "p" is forbidden: violates PodSecurity "baseline:latest": ${detail}`,
    warnings: [],
    audit: { "enforce-policy": "baseline:latest" },
  });
  assert.match(
    metrics.render(),
    /pod_security_evaluations_total\{decision="deny",mode="enforce",policy_level="baseline",policy_version="latest",request_operation="create",resource="pod",subresource=""\} 1/,
  );
});

test("a pod in a namespace without labels is let in, and only the record says so", () => {
  assert.deepEqual(setUp({}).ask(Pod as never, privileged), {
    warnings: [],
    audit: { "enforce-policy": "privileged:latest" },
  });
});

test("audit and warn let a pod in, record and warn, each at its own version", () => {
  const { ask } = setUp({ audit: "baseline", "audit-version": "v1.20", warn: "baseline" });
  assert.deepEqual(ask(Pod as never, privileged), {
    warnings: [`would violate PodSecurity "baseline:latest": ${detail}`],
    audit: {
      "enforce-policy": "privileged:latest",
      "audit-violations": `would violate PodSecurity "baseline:v1.20": ${detail}`,
    },
  });
});

test("a controller's template is warned of and recorded, never refused", () => {
  const { ask } = setUp({ enforce: "baseline", audit: "baseline" });
  const wanted = {
    warnings: [`would violate PodSecurity "baseline:latest": ${detail}`],
    audit: { "audit-violations": `would violate PodSecurity "baseline:latest": ${detail}` },
  };
  const template = { spec: privileged.spec };
  const metadata = { name: "d", namespace: "ns" };
  assert.deepEqual(ask(Deployment as never, { metadata, spec: { template } }), wanted);
  assert.deepEqual(ask(CronJob as never, { metadata, spec: { jobTemplate: { spec: { template } } } }), wanted);
  assert.deepEqual(ask(PodTemplate as never, { metadata, template }), wanted);
  assert.deepEqual(ask(Deployment as never, { metadata, spec: {} }), none);
  assert.deepEqual(ask(Deployment as never, { metadata, spec: { template } }, { subresource: "scale" }), none);
});

test("an update is looked at only where images or containers change", () => {
  const { ask } = setUp({ enforce: "baseline" });
  const change = { operation: "UPDATE", oldObject: privileged as unknown as ApiObject } as const;
  assert.deepEqual(ask(Pod as never, { ...privileged, spec: { ...privileged.spec, hostPID: true } }, change), none);
  const image = { ...privileged, spec: { containers: [{ ...privileged.spec.containers[0], image: "y" }] } };
  assert.match(ask(Pod as never, image, change).refused ?? "", /violates PodSecurity/);
  const more = { ...privileged, spec: { ...privileged.spec, ephemeralContainers: [{ name: "e", image: "x" }] } };
  assert.match(
    ask(Pod as never, more, { ...change, subresource: "ephemeralcontainers" }).refused ?? "",
    /violates PodSecurity/,
  );
  assert.deepEqual(ask(Pod as never, image, { ...change, subresource: "status" }), none);
});

test("labels that cannot be read enforce the newest restricted level, and warn of nothing", () => {
  const { ask } = setUp({ enforce: "strict", warn: "x" });
  const outcome = ask(Pod as never, privileged);
  assert.match(outcome.refused ?? "", /^pods "p" is forbidden: violates PodSecurity "restricted:latest": /);
  assert.equal(
    outcome.audit["error"],
    'Failed to parse policy: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "x": must be one of privileged, baseline, restricted]',
  );
});

test("warnings follow enforcement where nothing is said of them", () => {
  const metadata = { name: "d", namespace: "ns" };
  const deployment = { metadata, spec: { template: { spec: privileged.spec } } };
  const warned = (labels: object) =>
    setUp(labels)
      .ask(Deployment as never, deployment)
      .warnings.join();
  assert.match(warned({ enforce: "baseline", "enforce-version": "v1.9" }), /"baseline:v1.9"/);
  assert.match(warned({ enforce: "baseline", "enforce-version": "v1.9", "warn-version": "v1.7" }), /"baseline:v1.7"/);
  assert.equal(warned({ enforce: "baseline", warn: "privileged" }), "");
});

test("namespaces, users and runtime classes may be exempt", () => {
  const exempt = (exemptions: PodSecurityConfiguration["exemptions"] & object) =>
    setUp({ enforce: "baseline" }, { exemptions });
  const inNamespace = exempt({ namespaces: ["ns"] });
  assert.deepEqual(inNamespace.ask(Pod as never, privileged), { warnings: [], audit: { exempt: "namespace" } });
  assert.match(
    inNamespace.metrics.render(),
    /pod_security_exemptions_total\{request_operation="create",resource="pod",subresource=""\} 1/,
  );
  const user = exempt({ usernames: ["ann"] }).ask(Pod as never, privileged);
  assert.deepEqual(user, { warnings: [], audit: { exempt: "user" } });
  const pod = { ...privileged, spec: { ...privileged.spec, runtimeClassName: "vm" } };
  const byClass = exempt({ runtimeClasses: ["vm"] }).ask(Pod as never, pod);
  assert.deepEqual(byClass, { warnings: [], audit: { exempt: "runtimeClass" } });
  assert.deepEqual(inNamespace.ask(Namespace as never, namespace({ enforce: "baseline" })).warnings, [
    'namespace "ns" is exempt from Pod Security, and the policy (enforce=baseline:latest, warn=baseline:latest) will be ignored'.replace(
      ", warn=baseline:latest",
      "",
    ),
  ]);
});

test("a namespace's labels must be readable, unless they were unreadable before", () => {
  const { ask } = setUp(undefined);
  const bad = namespace({ enforce: "x", "audit-version": "v2" });
  const message =
    'Namespace "ns" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: "v2": must be "latest" or "v1.x"]';
  assert.equal(ask(Namespace as never, bad).refused, message);
  const update = (old: object) => ({ operation: "UPDATE", oldObject: old as ApiObject }) as const;
  assert.equal(ask(Namespace as never, bad, update(namespace({}))).refused, message);
  assert.deepEqual(ask(Namespace as never, bad, update(bad)), none);
});

test("a namespace that becomes stricter is warned of the pods it has, pods alike together", () => {
  const { ask, objects } = setUp(undefined);
  const pod = (name: string, change: object = {}) =>
    objects.set(Pod, { metadata: { name, namespace: "ns" }, spec: { ...privileged.spec, ...change } });
  pod("b");
  pod("a");
  pod("c");
  pod("d", { hostPID: true });
  pod("e", { containers: [{ name: "c", image: "x" }] });
  const become = (before: object, after: object) =>
    ask(Namespace as never, namespace(after), {
      operation: "UPDATE",
      oldObject: namespace(before) as unknown as ApiObject,
    }).warnings;
  assert.deepEqual(become({}, { enforce: "baseline" }), [
    'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
    "a (and 2 other pods): privileged",
    "d: host namespaces, privileged",
  ]);
  assert.deepEqual(become({ enforce: "restricted" }, { enforce: "baseline" }), []);
  assert.deepEqual(become({ enforce: "baseline" }, { enforce: "baseline", warn: "restricted" }), []);
  assert.deepEqual(become({ enforce: "baseline" }, { enforce: "privileged" }), []);
});

test("without its namespace a pod is refused and a controller let in", () => {
  const { ask } = setUp(undefined);
  assert.equal(ask(Pod as never, privileged).refused, 'Internal error occurred: failed to lookup namespace "ns"');
  assert.deepEqual(ask(Deployment as never, { metadata: { name: "d", namespace: "ns" }, spec: {} }).audit, {
    error: 'failed to lookup namespace "ns": namespaces "ns" not found',
  });
});

test("defaults of a configuration hold where labels are silent", () => {
  const { ask } = setUp({}, { defaults: { enforce: "baseline", "enforce-version": "v1.20" } });
  assert.match(ask(Pod as never, privileged).refused ?? "", /"baseline:v1.20"/);
});

test("every mistake of a configuration is told", () => {
  assert.deepEqual(configurationErrors({ defaults: { enforce: "baseline" }, exemptions: { namespaces: ["a"] } }), []);
  const errors = configurationErrors({
    defaults: { enforce: "x", "warn-version": "1.2" },
    exemptions: { namespaces: ["A", "b", "b"], runtimeClasses: ["-"], usernames: ["", "u", "u"] },
  });
  assert.deepEqual(
    errors.map(({ field, type }) => `${field} ${type}`),
    [
      "defaults.enforce FieldValueInvalid",
      "defaults.warn-version FieldValueInvalid",
      "exemptions.namespaces[0] FieldValueInvalid",
      "exemptions.namespaces[2] FieldValueDuplicate",
      "exemptions.runtimeClasses[0] FieldValueInvalid",
      "exemptions.usernames[0] FieldValueInvalid",
      "exemptions.usernames[2] FieldValueDuplicate",
    ],
  );
});
