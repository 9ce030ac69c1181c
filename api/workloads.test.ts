import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DecodeError } from "../apimachinery/schema/decode.ts";
import { container, ordinaryPod } from "./core/v1/pod/test-pod.ts";
import { builtInResources } from "./generated/resources.ts";
import { mutationsOf } from "./test-mutations.ts";
import { errorsOf, prepared, problems, row } from "./test-support.ts";
import { workloadResources } from "./workloads.ts";

const pod = ordinaryPod() as { readonly metadata: object; readonly spec: object };
const selector = { matchLabels: { app: "web" }, matchExpressions: [{ key: "a", operator: "NotIn", values: ["b"] }] };
const template = { metadata: { labels: { app: "web" } }, spec: { ...pod.spec, tolerations: [] } };
const ended = { metadata: {}, spec: { restartPolicy: "Never", containers: [container()] } };
const jobSpec = {
  completionMode: "Indexed",
  completions: 3,
  parallelism: 3,
  backoffLimitPerIndex: 1,
  maxFailedIndexes: 1,
  managedBy: "example.com/a",
  successPolicy: { rules: [{ succeededIndexes: "0-1", succeededCount: 2 }] },
  podFailurePolicy: {
    rules: [{ action: "FailJob", onExitCodes: { containerName: "main", operator: "In", values: [1] } }],
  },
  template: ended,
};
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };

/** A good object of each kind, with most of what its rules look at. */
const examples: Readonly<Record<string, object>> = {
  Namespace: { spec: { finalizers: ["example.com/a"] }, status: { phase: "Active" } },
  Node: {
    spec: {
      podCIDR: "10.0.0.0/24",
      podCIDRs: ["10.0.0.0/24"],
      taints: [{ key: "a", value: "b", effect: "NoSchedule" }],
    },
    status: {
      capacity: { cpu: "4" },
      addresses: [{ type: "InternalIP", address: "10.1.0.1" }],
      declaredFeatures: ["A"],
    },
  },
  Pod: pod,
  PodTemplate: { template },
  ReplicationController: { spec: { replicas: 1, selector: { app: "web" }, template }, status: { replicas: 1 } },
  ControllerRevision: { revision: 1, data: { a: 1 } },
  DaemonSet: {
    spec: { selector, template, updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } } },
    status: { numberReady: 0, currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0 },
  },
  Deployment: {
    spec: { replicas: 2, selector, template, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } },
    status: { replicas: 2, readyReplicas: 1 },
  },
  ReplicaSet: { spec: { replicas: 2, selector, template }, status: { replicas: 2 } },
  StatefulSet: {
    spec: {
      serviceName: "web",
      selector,
      template,
      ordinals: { start: 1 },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" },
      volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim }],
    },
    status: { replicas: 1 },
  },
  Job: { spec: jobSpec, status: { startTime: "2026-01-02T11:00:00Z", completedIndexes: "0", failedIndexes: "1" } },
  CronJob: { spec: { schedule: "*/5 * * * mon", timeZone: "UTC", jobTemplate: { spec: jobSpec } } },
};

for (const definition of workloadResources) {
  const { kind, group, version, plural } = definition;
  const object = { metadata: { name: "web", namespace: "default", uid: "u" }, ...examples[kind] };

  describe(`the resource ${plural}`, () => {
    test("is what upstream's discovery says of it", () => {
      const found = builtInResources.find((one) => one.plural === plural && one.group === group);
      assert.ok(found);
      assert.deepEqual(
        [kind, version, definition.singular, definition.scope === "Namespaced"],
        [found.kind, found.version, found.singular, found.namespaced],
      );
      assert.deepEqual(definition.verbs, found.verbs);
      assert.deepEqual(definition.shortNames, found.shortNames ?? []);
      assert.deepEqual(definition.categories, found.categories ?? []);
      const subresources = (found.subresources ?? []).map(({ name }) => name);
      assert.equal(definition.subresources.status ?? false, subresources.includes("status"));
      assert.equal(definition.subresources.scale !== undefined, subresources.includes("scale"));
    });

    test("accepts a good object, and its update by itself", () => {
      const one = prepared(definition, object);
      assert.deepEqual(errorsOf(definition, one), []);
      assert.deepEqual(problems(definition, JSON.parse(JSON.stringify(one)), one), []);
    });

    test("has rules, columns, selectors and warnings that never throw", () => {
      const old = prepared(definition, object);
      let looked = 0;
      fc.assert(
        fc.property(mutationsOf(object), (broken) => {
          try {
            const one = prepared(definition, broken);
            looked++;
            errorsOf(definition, one);
            for (const subresource of ["", "status"]) problems(definition, broken, old, { subresource });
            row(definition, one);
            for (const read of Object.values(definition.fieldSelectors)) assert.equal(typeof read(one), "string");
            for (const warning of definition.warnings?.(one, undefined) ?? []) assert.equal(typeof warning, "string");
            definition.subresources.scale?.selector(one);
          } catch (error) {
            if (!(error instanceof DecodeError)) throw error;
          }
        }),
        { numRuns: 150 },
      );
      assert.ok(looked > 40, `only ${looked} objects decoded`);
    });
  });
}
