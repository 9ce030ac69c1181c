import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, decoded, errorsOf, prepared, problems, row } from "../../test-support.ts";
import { LimitRange } from "./limit-range.ts";
import { Node } from "./node.ts";
import { PersistentVolume } from "./persistent-volume.ts";
import { PersistentVolumeClaim } from "./persistent-volume-claim.ts";
import { Pod } from "./pod.ts";
import { ResourceQuota } from "./resource-quota.ts";

const volumeSpec = { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, hostPath: { path: "/x" } };
const claimSpec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };

test("a volume has a size, an access mode and one source", () => {
  assert.deepEqual(problems(PersistentVolume, { spec: volumeSpec }), []);
  assert.deepEqual(problems(PersistentVolume, { spec: { capacity: { storage: "0" } } }), [
    "spec.accessModes: Required value",
    'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
    "spec: Required value: must specify a volume type",
  ]);
  assert.deepEqual(problems(PersistentVolume, { spec: { ...volumeSpec, nfs: { server: "s", path: "/" } } }), [
    "spec.nfs: Forbidden: may not specify more than 1 volume type",
  ]);
});

test("the source of a volume never changes", () => {
  const old = decoded(PersistentVolume, { spec: volumeSpec });
  const [error] = problems(PersistentVolume, { spec: { ...volumeSpec, hostPath: { path: "/y" } } }, old);
  assert.match(
    error!,
    /^spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation\n/,
  );
  assert.deepEqual(problems(PersistentVolume, { spec: { ...volumeSpec, capacity: { storage: "2Gi" } } }, old), []);
});

test("rows of volumes and claims show size, modes and each other", () => {
  const spec = {
    ...volumeSpec,
    accessModes: ["ReadWriteMany", "ReadWriteOnce"],
    claimRef: { namespace: "x", name: "c" },
  };
  const volume = row(PersistentVolume, prepared(PersistentVolume, { metadata: { name: "v" }, spec }));
  assert.deepEqual(
    [volume["Capacity"], volume["Access Modes"], volume["Reclaim Policy"], volume["Status"], volume["Claim"]],
    ["1Gi", "RWO,RWX", "Retain", "Pending", "x/c"],
  );
  const bound = {
    spec: { ...claimSpec, volumeName: "v", storageClassName: "fast" },
    status: { phase: "Bound", capacity: { storage: "2Gi" }, accessModes: ["ReadWriteOncePod"] },
  };
  const claim = row(PersistentVolumeClaim, decoded(PersistentVolumeClaim, bound));
  assert.deepEqual(
    [claim["Status"], claim["Volume"], claim["Capacity"], claim["Access Modes"], claim["StorageClass"]],
    ["Bound", "v", "2Gi", "RWOP", "fast"],
  );
});

test("a claim asks for a size and modes that go together", () => {
  assert.deepEqual(problems(PersistentVolumeClaim, { spec: claimSpec }), []);
  assert.deepEqual(problems(PersistentVolumeClaim, {}), [
    "spec.accessModes: Required value: at least 1 access mode is required",
    "spec.resources[storage]: Required value",
  ]);
  assert.deepEqual(
    problems(PersistentVolumeClaim, {
      spec: { ...claimSpec, accessModes: ["ReadWriteOncePod", "ReadWriteOnce", "X"] },
    }),
    [
      'spec.accessModes: Unsupported value: "X": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
    ],
  );
});

test("where a claim's content comes from stands in both fields", () => {
  const dataSource = { kind: "PersistentVolumeClaim", name: "other" };
  assert.deepEqual(
    prepared(PersistentVolumeClaim, { spec: { ...claimSpec, dataSource } }).spec.dataSourceRef,
    dataSource,
  );
  const odd = prepared(PersistentVolumeClaim, {
    spec: { ...claimSpec, dataSource: { kind: "Odd", apiGroup: "a.b", name: "x" } },
  });
  assert.equal(odd.spec.dataSource, undefined);
});

test("a claim changes only in its volume, once, and when bound in its size, upwards", () => {
  const old = decoded(PersistentVolumeClaim, { spec: claimSpec });
  const sized = (storage: string): object => ({ ...claimSpec, resources: { requests: { storage } } });
  assert.deepEqual(problems(PersistentVolumeClaim, { spec: { ...claimSpec, volumeName: "v" } }, old), []);
  assert.match(
    problems(PersistentVolumeClaim, { spec: sized("2Gi") }, old)[0]!,
    /^spec: Forbidden: spec is immutable after creation except resources\.requests and volumeAttributesClassName for bound claims\n/,
  );
  const bound = changed(old, ({ spec, status }) => {
    spec.volumeName = "v";
    status.phase = "Bound";
    status.capacity = { storage: "1Gi" };
  });
  const grow = (storage: string): readonly string[] =>
    errorsOf(
      PersistentVolumeClaim,
      changed(bound, ({ spec }) => {
        spec.resources.requests = { storage };
      }),
      bound,
    );
  assert.deepEqual(grow("2Gi"), []);
  assert.deepEqual(grow("512Mi"), [
    "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
  ]);
});

test("limits of containers follow from one another", () => {
  const limits = [{ type: "Container", max: { cpu: "2" }, min: { cpu: "1", memory: "1Mi" } }];
  const [item] = decoded(LimitRange, { spec: { limits } }).spec?.limits ?? [];
  assert.deepEqual(item?.default, { cpu: "2" });
  assert.deepEqual(item?.defaultRequest, { cpu: "2", memory: "1Mi" });
});

test("a row of a quota shows use and limit of each resource", () => {
  const status = { hard: { pods: "10", "limits.cpu": "4", cpu: "2" }, used: { pods: "3" } };
  const cells = row(ResourceQuota, decoded(ResourceQuota, { status }));
  assert.deepEqual([cells["Request"], cells["Limit"]], ["cpu: 0/2, pods: 3/10", "limits.cpu: 0/4"]);
});

test("amounts that are finer than a thousandth are rounded up, wherever they stand", () => {
  const fine = { storage: "1000100u" };
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: fine } };
  assert.deepEqual(decoded(PersistentVolumeClaim, { spec: claim }).spec.resources?.requests, { storage: "1001m" });
  assert.deepEqual(decoded(PersistentVolume, { spec: { capacity: fine } }).spec.capacity, { storage: "1001m" });
  const volumes = [{ name: "a", ephemeral: { volumeClaimTemplate: { spec: claim } } }];
  const pod = decoded(Pod, { spec: { containers: [], volumes } });
  const made = pod.spec.volumes?.[0]?.ephemeral?.volumeClaimTemplate?.spec;
  assert.deepEqual(made?.resources?.requests, { storage: "1001m" });
  const limits = [{ type: "PersistentVolumeClaim", max: fine }];
  assert.deepEqual(decoded(LimitRange, { spec: { limits } }).spec?.limits[0]?.max, { storage: "1001m" });
  assert.deepEqual(decoded(ResourceQuota, { spec: { hard: fine } }).spec?.hard, { storage: "1001m" });
  assert.deepEqual(decoded(Node, { status: { capacity: fine } }).status?.allocatable, { storage: "1001m" });
});

test("a source in another namespace is overlooked, unless a claim has one", () => {
  const dataSourceRef = { apiGroup: "example.com", kind: "K", name: "a", namespace: "other" };
  const spec = { ...claimSpec, dataSourceRef };
  assert.equal(prepared(PersistentVolumeClaim, { spec }).spec.dataSourceRef, undefined);
  const old = decoded(PersistentVolumeClaim, {
    spec: { ...claimSpec, dataSourceRef: { ...dataSourceRef, namespace: "" } },
  });
  assert.deepEqual(prepared(PersistentVolumeClaim, { spec }, old).spec.dataSourceRef, dataSourceRef);
});

test("a volume's phase keeps the time at which it began", () => {
  const lastPhaseTransitionTime = "2020-01-01T00:00:00Z";
  const old = decoded(PersistentVolume, { spec: volumeSpec, status: { phase: "Bound", lastPhaseTransitionTime } });
  const status = (phase: string, more: object = {}) =>
    prepared(PersistentVolume, { spec: volumeSpec, status: { phase, ...more } }, old, { subresource: "status" }).status;
  assert.equal(status("Bound").lastPhaseTransitionTime, lastPhaseTransitionTime);
  assert.notEqual(status("Released").lastPhaseTransitionTime, lastPhaseTransitionTime);
  assert.notEqual(status("Released", { lastPhaseTransitionTime }).lastPhaseTransitionTime, lastPhaseTransitionTime);
  const told = "2021-01-01T00:00:00Z";
  assert.equal(status("Released", { lastPhaseTransitionTime: told }).lastPhaseTransitionTime, told);
});
