import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { container, type LooseSpec } from "../../core/v1/pod/test-pod.ts";
import { ReplicationController } from "../../core/v1/replication-controller.ts";
import { changed, decoded, errorsOf, now, prepared, problems, row } from "../../test-support.ts";
import { ControllerRevision } from "./controller-revision.ts";
import { DaemonSet } from "./daemonset.ts";
import { Deployment } from "./deployment.ts";
import { ReplicaSet } from "./replicaset.ts";
import { StatefulSet } from "./statefulset.ts";

const template = (spec: LooseSpec = {}, labels: LooseSpec = { app: "web" }) => ({
  metadata: { labels },
  spec: { containers: [container()], ...spec },
});
const object = (spec: LooseSpec = {}) => ({
  metadata: { name: "web", namespace: "default" },
  spec: { selector: { matchLabels: { app: "web" } }, template: template(), ...spec },
});

// What holds of all four kinds that make pods which run for ever.
const controllers = [
  { definition: Deployment, kind: "ReplicaSet", empty: "deployment" },
  { definition: ReplicaSet, kind: "ReplicaSet", empty: "deployment" },
  { definition: StatefulSet, kind: "StatefulSet", empty: "statefulset" },
  { definition: DaemonSet, kind: "DaemonSet", empty: "daemonset" },
] as const;

for (const { definition, kind, empty } of controllers) {
  const said = (spec: LooseSpec) => problems(definition as typeof Deployment, object(spec));

  describe(`a ${definition.kind}`, () => {
    test("needs no more than a selector and a template", () => {
      assert.deepEqual(said({}), []);
    });

    test("chooses the pods it makes", () => {
      assert.deepEqual(said({ template: template({}, { app: "other" }) }), [
        'spec.template.metadata.labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`',
      ]);
    });

    test("does not choose all pods", () => {
      assert.ok(
        said({ selector: {} }).includes(`spec.selector: Invalid value: {}: empty selector is invalid for ${empty}`),
      );
    });

    test("makes pods that run for ever", () => {
      assert.deepEqual(said({ template: template({ restartPolicy: "Never", activeDeadlineSeconds: 5 }) }), [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        `spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ${kind} is not Supported`,
      ]);
    });

    test("makes good pods", () => {
      assert.deepEqual(said({ template: template({ containers: [container({ name: "" })] }) }), [
        "spec.template.spec.containers[0].name: Required value",
      ]);
    });

    test("waits no negative time", () => {
      assert.deepEqual(said({ minReadySeconds: -1, progressDeadlineSeconds: 5 }), [
        "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
      ]);
    });
  });
}

describe("an update", () => {
  for (const definition of [Deployment, ReplicaSet, DaemonSet] as const) {
    test(`of a ${definition.kind} keeps the selector`, () => {
      const both = definition as typeof Deployment;
      const old = prepared(both, object());
      const labels = { app: "web", tier: "front" };
      const wanted = object({ selector: { matchLabels: labels }, template: template({}, labels) });
      assert.deepEqual(problems(both, wanted, old), [
        'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"front"}}: field is immutable',
      ]);
      assert.deepEqual(problems(both, object({ template: template({ hostname: "a" }) }), old), []);
    });
  }

  test("of a StatefulSet's fixed part is refused", () => {
    const old = prepared(StatefulSet, object({ serviceName: "web" }));
    assert.deepEqual(problems(StatefulSet, object({ serviceName: "web", replicas: 3, minReadySeconds: 1 }), old), []);
    assert.deepEqual(problems(StatefulSet, object({ serviceName: "other" }), old), [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ]);
  });

  test("of a Deployment's annotations is a new generation", () => {
    const old = { ...prepared(Deployment, object()), metadata: { name: "web", generation: 4 } };
    const annotated = { ...object(), metadata: { name: "web", generation: 4, annotations: { a: "b" } } };
    assert.equal(prepared(Deployment, annotated, old).metadata.generation, 5);
  });

  test("of a DaemonSet's template counts its generation", () => {
    const key = "deprecated.daemonset.template.generation";
    const old = prepared(DaemonSet, object());
    assert.equal(old.metadata.annotations?.[key], "1");
    assert.equal(prepared(DaemonSet, object(), old).metadata.annotations?.[key], "1");
    const next = prepared(DaemonSet, object({ template: template({ hostname: "a" }) }), old);
    assert.equal(next.metadata.annotations?.[key], "2");
  });
});

describe("strategies", () => {
  const said = (definition: unknown, spec: LooseSpec) => problems(definition as typeof Deployment, object(spec));
  const rolling = (rollingUpdate: LooseSpec) => ({ strategy: { type: "RollingUpdate", rollingUpdate } });
  const daemon = (rollingUpdate: LooseSpec) => ({ updateStrategy: { type: "RollingUpdate", rollingUpdate } });

  test("of a Deployment have their defaults", () => {
    const deployment = decoded(Deployment, object());
    assert.deepEqual(deployment.spec.strategy, {
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
    });
    assert.deepEqual([deployment.spec.replicas, deployment.spec.revisionHistoryLimit], [1, 10]);
    assert.equal(deployment.spec.progressDeadlineSeconds, 600);
  });

  test("of a Deployment make progress", () => {
    assert.deepEqual(said(Deployment, rolling({ maxUnavailable: 0, maxSurge: 1 })), []);
    assert.deepEqual(said(Deployment, rolling({ maxUnavailable: 0, maxSurge: "0%" })), [
      "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
    ]);
    assert.deepEqual(said(Deployment, rolling({ maxUnavailable: "101%" })), [
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ]);
    assert.deepEqual(said(Deployment, rolling({ maxSurge: "many" })), [
      "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"many\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ]);
  });

  test("of a Deployment are one of two", () => {
    assert.deepEqual(said(Deployment, { strategy: { type: "Recreate" } }), []);
    assert.deepEqual(said(Deployment, { strategy: { type: "Recreate", rollingUpdate: {} } }), [
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ]);
    assert.deepEqual(said(Deployment, { strategy: { type: "Canary" } }), [
      'spec.strategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
    ]);
  });

  test("of a Deployment give up later than pods get ready", () => {
    assert.deepEqual(said(Deployment, { minReadySeconds: 5, progressDeadlineSeconds: 5 }), [
      "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
    ]);
  });

  test("of a DaemonSet either take away first or add first", () => {
    assert.deepEqual(decoded(DaemonSet, object()).spec.updateStrategy.rollingUpdate, {
      maxUnavailable: 1,
      maxSurge: 0,
    });
    assert.deepEqual(said(DaemonSet, daemon({ maxUnavailable: 0, maxSurge: "10%" })), []);
    assert.deepEqual(said(DaemonSet, daemon({ maxUnavailable: 1, maxSurge: 1 })), [
      "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
    ]);
    assert.deepEqual(said(DaemonSet, daemon({ maxUnavailable: 0 })), [
      "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
    ]);
  });

  test("of a StatefulSet begin at a partition", () => {
    const set = decoded(StatefulSet, object());
    assert.deepEqual(set.spec.updateStrategy, { type: "RollingUpdate", rollingUpdate: { partition: 0 } });
    assert.deepEqual(said(StatefulSet, daemon({ partition: -1 })), [
      "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0",
    ]);
    assert.deepEqual(said(StatefulSet, { updateStrategy: { type: "OnDelete", rollingUpdate: { partition: 1 } } }), [
      'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
    ]);
  });
});

describe("a StatefulSet", () => {
  const claims = (spec: LooseSpec) => ({ volumeClaimTemplates: [{ metadata: { name: "data" }, spec }] });
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const mounting = template({ containers: [container({ volumeMounts: [{ name: "data", mountPath: "/data" }] })] });

  test("gives its pods the volumes of its claims", () => {
    assert.deepEqual(problems(StatefulSet, object({ ...claims(claim), template: mounting })), []);
    assert.deepEqual(problems(StatefulSet, object({ template: mounting })), [
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ]);
    assert.deepEqual(problems(StatefulSet, object(claims({ accessModes: ["ReadWriteOnce"] }))), [
      "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
    ]);
  });

  test("makes pods in a known way and keeps or deletes claims", () => {
    assert.deepEqual(problems(StatefulSet, object({ podManagementPolicy: "Parallel" })), []);
    assert.deepEqual(problems(StatefulSet, object({ podManagementPolicy: "Random" })), [
      "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
    ]);
    assert.deepEqual(problems(StatefulSet, object({ persistentVolumeClaimRetentionPolicy: { whenScaled: "Sell" } })), [
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Sell": supported values: "Retain", "Delete"',
    ]);
  });

  test("has a service's name that is a label, unless it had another", () => {
    assert.deepEqual(problems(StatefulSet, object({ serviceName: "a.b" })), [
      'spec.serviceName: Invalid value: "a.b": must not contain dots',
    ]);
    const old = decoded(StatefulSet, object({ serviceName: "a.b" }));
    assert.deepEqual(problems(StatefulSet, object({ serviceName: "a.b" }), old), []);
  });
});

describe("status", () => {
  const options = { subresource: "status" };
  const said = <T extends typeof Deployment>(definition: T, status: LooseSpec) => {
    const old = prepared(definition, object());
    return errorsOf(definition, { ...old, status: status as never }, old, options);
  };

  test("of a Deployment or ReplicaSet counts parts of a whole", () => {
    assert.deepEqual(said(Deployment, { replicas: 2, readyReplicas: 2, availableReplicas: 1 }), []);
    assert.deepEqual(said(Deployment, { replicas: 1, readyReplicas: 2 }), [
      "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
    ]);
    assert.deepEqual(said(ReplicaSet as never, { replicas: 2, readyReplicas: 1, availableReplicas: 2 }), [
      "status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas",
    ]);
    assert.deepEqual(said(StatefulSet as never, { replicas: -1 }).slice(0, 1), [
      "status.replicas: Invalid value: -1: must be greater than or equal to 0",
    ]);
    assert.deepEqual(said(DaemonSet as never, { numberReady: -1 }), [
      "status.numberReady: Invalid value: -1: must be greater than or equal to 0",
    ]);
  });

  test("counts collisions upwards only", () => {
    const first = changed(prepared(Deployment, object()), ({ status }) => {
      status.collisionCount = 2;
    });
    const fewer = changed(first, ({ status }) => {
      status.collisionCount = 1;
    });
    assert.deepEqual(errorsOf(Deployment, fewer, first, options), [
      "status.collisionCount: Invalid value: 1: cannot be decremented",
    ]);
    assert.deepEqual(errorsOf(Deployment, first, fewer, options), []);
  });
});

describe("scale", () => {
  test("reads and writes how many pods there shall be", () => {
    const set = prepared(ReplicaSet, object({ replicas: 3 }));
    const scale = ReplicaSet.subresources.scale!;
    assert.equal(scale.specReplicas(set), 3);
    assert.equal(scale.statusReplicas(set), 0);
    assert.equal(scale.selector(set), "app=web");
    scale.setSpecReplicas(set, 5);
    assert.equal(set.spec.replicas, 5);
  });
});

describe("columns", () => {
  const created = new Date(now - 5 * 60_000).toISOString();
  const shown = (change: (draft: Draft<Deployment>) => void) =>
    changed(prepared(Deployment, { ...object({ replicas: 3 }) }), (draft) => {
      draft.metadata.creationTimestamp = created;
      change(draft);
    });

  test("of a Deployment show how many pods are ready", () => {
    const cells = row(
      Deployment,
      shown(({ status }) => {
        status.readyReplicas = 1;
        status.updatedReplicas = 2;
        status.availableReplicas = 1;
      }),
    );
    assert.deepEqual(cells, {
      Name: "web",
      Ready: "1/3",
      "Up-to-date": 2,
      Available: 1,
      Age: "5m",
      Containers: "main",
      Images: "registry.example/app:1",
      Selector: "app=web",
    });
  });

  test("of a StatefulSet, DaemonSet and ReplicaSet show theirs", () => {
    assert.equal(row(StatefulSet, prepared(StatefulSet, object({ replicas: 2 })))["Ready"], "0/2");
    const daemons = row(DaemonSet, prepared(DaemonSet, object({ template: template({ nodeSelector: { a: "b" } }) })));
    assert.deepEqual([daemons["Desired"], daemons["Node Selector"]], [0, "a=b"]);
    assert.equal(row(ReplicaSet, prepared(ReplicaSet, object({ replicas: 2 })))["Desired"], 2);
  });
});

describe("a ControllerRevision", () => {
  const revision = (fields: LooseSpec = {}) => ({ metadata: { name: "a" }, revision: 1, data: { a: 1 }, ...fields });

  test("holds an object that stays", () => {
    assert.deepEqual(problems(ControllerRevision, revision()), []);
    assert.deepEqual(problems(ControllerRevision, revision({ data: null })), [
      "data: Required value: data is mandatory",
    ]);
    assert.deepEqual(problems(ControllerRevision, revision({ revision: -1 })), [
      "revision: Invalid value: -1: must be greater than or equal to 0",
    ]);
    const old = prepared(ControllerRevision, revision());
    assert.deepEqual(problems(ControllerRevision, revision({ data: { a: 2 } }), old), [
      'data: Invalid value: {"a":2}: field is immutable',
    ]);
  });

  test("shows whose it is", () => {
    const owner = { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "1", controller: true };
    const owned = prepared(ControllerRevision, { ...revision(), metadata: { name: "a", ownerReferences: [owner] } });
    assert.equal(row(ControllerRevision, owned)["Controller"], "statefulset.apps/web");
    assert.equal(row(ControllerRevision, prepared(ControllerRevision, revision()))["Controller"], "<none>");
  });
});

describe("a ReplicationController", () => {
  const controller = (spec: LooseSpec = {}) => ({
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, template: template(), ...spec },
  });

  test("takes selector and labels from its template", () => {
    const one = decoded(ReplicationController, controller({ selector: null, replicas: 2 }));
    assert.deepEqual(one.spec.selector, { app: "web" });
    assert.deepEqual(one.metadata.labels, { app: "web" });
    assert.equal(ReplicationController.subresources.scale!.selector(one), "app=web");
    assert.equal(row(ReplicationController, one)["Desired"], 2);
  });

  test("has a template that its selector chooses", () => {
    assert.deepEqual(problems(ReplicationController, controller()), []);
    assert.deepEqual(problems(ReplicationController, controller({ selector: { app: "x" } })), [
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]);
    assert.deepEqual(problems(ReplicationController, { metadata: { name: "a" }, spec: {} }), [
      "spec.selector: Required value",
      "spec.template: Required value",
    ]);
  });
});
