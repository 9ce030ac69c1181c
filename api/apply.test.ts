import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyPatch } from "../apimachinery/apply/apply.ts";
import { fieldSet } from "../apimachinery/apply/field-set.ts";
import { updateManagedFields } from "../apimachinery/apply/update.ts";
import { fieldSetOf } from "../apimachinery/apply/whole-set.ts";
import type { JsonObject } from "../apimachinery/json/json.ts";
import { applyStrategicMergePatch } from "../apimachinery/patch/strategic-merge-patch.ts";
import type { ManagedFieldsEntry } from "../apimachinery/resource/object.ts";
import { definition } from "./generated/definitions.ts";

const deploymentSchema = definition("io.k8s.api.apps.v1.Deployment");

/** What `kubectl create deployment nginx --image=nginx` sends, with defaults. */
const deployment: JsonObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "nginx", namespace: "default", labels: { app: "nginx" } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "nginx" } },
    template: {
      metadata: { labels: { app: "nginx" } },
      spec: {
        containers: [
          {
            name: "nginx",
            image: "nginx",
            resources: {},
            terminationMessagePath: "/dev/termination-log",
            terminationMessagePolicy: "File",
            imagePullPolicy: "Always",
          },
        ],
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        dnsPolicy: "ClusterFirst",
        securityContext: {},
        schedulerName: "default-scheduler",
      },
    },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  },
};

const created = updateManagedFields({
  schema: deploymentSchema,
  live: undefined,
  object: deployment,
  managedFields: undefined,
  manager: "kubectl-create",
  apiVersion: "apps/v1",
  now: 0,
  resetFields: fieldSet(["status"]),
});

function stored(object: JsonObject, managedFields: readonly ManagedFieldsEntry[] | undefined): JsonObject {
  const metadata = { ...(object["metadata"] as JsonObject), uid: "u", managedFields };
  return { ...object, metadata: metadata as unknown as JsonObject };
}

describe("managed fields of a Deployment", () => {
  it("are those that a Kubernetes server writes for kubectl create", () => {
    assert.equal(
      JSON.stringify(created?.[0]?.fieldsV1),
      '{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:progressDeadlineSeconds":{},"f:replicas":{},"f:revisionHistoryLimit":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"nginx\\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}}',
    );
  });

  it("are those that a Kubernetes server writes for the controller's first status", () => {
    const condition = {
      type: "Available",
      status: "True",
      lastUpdateTime: "2024-01-01T00:00:00Z",
      lastTransitionTime: "2024-01-01T00:00:00Z",
      reason: "MinimumReplicasAvailable",
      message: "Deployment has minimum availability.",
    };
    const entries = updateManagedFields({
      schema: deploymentSchema,
      live: stored(deployment, created),
      object: stored(
        { ...deployment, status: { observedGeneration: 1, replicas: 1, conditions: [condition] } },
        created,
      ),
      managedFields: undefined,
      manager: "kube-controller-manager",
      apiVersion: "apps/v1",
      subresource: "status",
      now: 1000,
      resetFields: fieldSet(["spec"], ["metadata", "labels"]),
    });
    assert.equal(entries?.[0], created?.[0]);
    assert.deepEqual(entries?.[1], {
      manager: "kube-controller-manager",
      operation: "Update",
      apiVersion: "apps/v1",
      time: "1970-01-01T00:00:01Z",
      fieldsType: "FieldsV1",
      fieldsV1: {
        "f:status": {
          "f:conditions": {
            ".": {},
            'k:{"type":"Available"}': {
              ".": {},
              "f:lastTransitionTime": {},
              "f:lastUpdateTime": {},
              "f:message": {},
              "f:reason": {},
              "f:status": {},
              "f:type": {},
            },
          },
          "f:observedGeneration": {},
          "f:replicas": {},
        },
      },
      subresource: "status",
    });
  });

  it("conflict, in upstream's words, with an apply that changes what another created", () => {
    const applied: JsonObject = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "nginx" },
      spec: { replicas: 3, template: { spec: { containers: [{ name: "nginx", image: "nginx:2" }] } } },
    };
    const request = {
      schema: deploymentSchema,
      kind: "Deployment",
      live: stored(deployment, created),
      applied,
      apiVersion: "apps/v1",
      manager: "me",
      now: 0,
    };
    assert.throws(() => applyPatch({ ...request, force: false }), {
      message: [
        'Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:',
        "- .spec.replicas",
        '- .spec.template.spec.containers[name="nginx"].image',
      ].join("\n"),
    });
    const { object, managedFields } = applyPatch({ ...request, force: true });
    assert.equal((object["spec"] as JsonObject)["replicas"], 3);
    assert.deepEqual(
      managedFields?.map(({ manager, operation }) => [manager, operation]),
      [
        ["me", "Apply"],
        ["kubectl-create", "Update"],
      ],
    );
    const misspelt = { ...applied, spec: { replicsa: 1 } };
    assert.throws(() => applyPatch({ ...request, applied: misspelt, force: false }), {
      message:
        "failed to create typed patch object (/nginx; apps/v1, Kind=Deployment): .spec.replicsa: field not declared in schema",
    });
  });
});

describe("managed fields of other kinds", () => {
  const fieldsOf = (name: string, object: JsonObject): string => {
    const request = { live: undefined, managedFields: undefined, manager: "m", apiVersion: "v1", now: 0 };
    return JSON.stringify(updateManagedFields({ schema: definition(name), object, ...request })?.[0]?.fieldsV1);
  };

  it("name a Service's ports by port and protocol and own its selector as a whole", () => {
    const ports = [
      { name: "b", port: 443, protocol: "TCP", targetPort: 8443 },
      { name: "a", port: 80, protocol: "TCP", targetPort: "http" },
    ];
    assert.equal(
      fieldsOf("io.k8s.api.core.v1.Service", {
        metadata: { name: "s" },
        spec: { ports, selector: { app: "s" }, type: "ClusterIP" },
      }),
      '{"f:spec":{"f:ports":{".":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{}},"k:{\\"port\\":443,\\"protocol\\":\\"TCP\\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:selector":{},"f:type":{}}}',
    );
  });

  it("hold a ConfigMap's keys and the map itself", () => {
    assert.equal(
      fieldsOf("io.k8s.api.core.v1.ConfigMap", {
        metadata: { name: "c", finalizers: ["x/y"] },
        data: { b: "2", a: "1" },
      }),
      '{"f:data":{".":{},"f:a":{},"f:b":{}},"f:metadata":{"f:finalizers":{".":{},"v:\\"x/y\\"":{}}}}',
    );
  });

  it("hold of an applied Pod the ports under their default protocol", () => {
    const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", ports: [{ containerPort: 80 }] }] } };
    assert.equal(
      JSON.stringify(fieldSetOf(definition("io.k8s.api.core.v1.Pod"), pod)),
      '{"f:metadata":{"f:name":{}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{},"f:name":{},"f:ports":{"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{}}}}}}}',
    );
  });

  it("treat arbitrary data as upstream's schema does: whole in an extension, key by key elsewhere", () => {
    const owned = (name: string, object: JsonObject) => JSON.stringify(fieldSetOf(definition(name), object));
    assert.equal(owned("io.k8s.api.apps.v1.ControllerRevision", { data: { a: { b: 1 } } }), '{"f:data":{}}');
    const json = { spec: { versions: [{ schema: { openAPIV3Schema: { default: { a: 1 } } } }] } };
    assert.equal(
      owned("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition", json),
      '{"f:spec":{"f:versions":{}}}',
    );
  });
});

describe("a strategic merge patch of a Pod", () => {
  it("merges containers by name and volumes by name with retainKeys", () => {
    const pod: JsonObject = {
      spec: {
        containers: [
          { name: "a", image: "1", ports: [{ containerPort: 80 }] },
          { name: "b", image: "1" },
        ],
        volumes: [{ name: "v", emptyDir: {} }],
      },
    };
    const patch = {
      spec: {
        containers: [{ name: "a", image: "2", ports: [{ containerPort: 81 }] }],
        volumes: [{ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "c" } }],
      },
    };
    assert.deepEqual(applyStrategicMergePatch(definition("io.k8s.api.core.v1.Pod"), pod, patch), {
      spec: {
        containers: [
          { name: "a", image: "2", ports: [{ containerPort: 81 }, { containerPort: 80 }] },
          { name: "b", image: "1" },
        ],
        volumes: [{ name: "v", configMap: { name: "c" } }],
      },
    });
  });
});
