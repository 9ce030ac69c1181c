import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, onBothProtocols, seen } from "../support/conformance.ts";
import { makeNamespace } from "../support/namespace.ts";

const pod = (name: string, resources: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i", resources }] },
});
const forbidden = (name: string, kind: string, text: string) =>
  failure(403, "Forbidden", `${kind} "${name}" is forbidden: ${text}`, { name, kind });

onBothProtocols("limits", (subject) => {
  test("a container gets the defaults of its namespace, told in an annotation", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "defaults");
    const limits = [
      { type: "Container", max: { memory: "1Gi" }, default: { cpu: "500m" }, defaultRequest: { cpu: "100m" } },
    ];
    const range = { metadata: { name: "l" }, spec: { limits } };
    const stored = seen(await expect(admin, { method: "POST", path: `${own}/limitranges`, body: range }, 201));
    assert.deepEqual(stored.spec, {
      limits: [
        {
          type: "Container",
          max: { memory: "1Gi" },
          default: { cpu: "500m", memory: "1Gi" },
          defaultRequest: { cpu: "100m", memory: "1Gi" },
        },
      ],
    });
    const made = seen(await expect(admin, { method: "POST", path: `${own}/pods`, body: pod("p") }, 201));
    const [container] = made.spec!["containers"] as { resources: object }[];
    assert.deepEqual(container!.resources, {
      limits: { cpu: "500m", memory: "1Gi" },
      requests: { cpu: "100m", memory: "1Gi" },
    });
    assert.deepEqual(made.metadata.annotations, {
      "kubernetes.io/limit-ranger":
        "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c",
    });
    await expect(
      admin,
      { method: "POST", path: `${own}/pods`, body: pod("large", { limits: { memory: "2Gi" } }) },
      403,
      forbidden("large", "pods", "maximum memory usage per Container is 1Gi, but limit is 2Gi"),
    );
  });

  test("a range without a name gets one, and a PUT makes what is not there", async () => {
    const { admin } = subject();
    const path = `${await makeNamespace(admin, "names")}/limitranges`;
    const spec = { limits: [{ type: "Pod", max: { cpu: "1" } }] };
    const made = seen(await expect(admin, { method: "POST", path, body: { spec } }, 201));
    assert.match(made.metadata.name, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    await expect(admin, { path: `${path}/${made.metadata.name}` }, 200);
    await expect(admin, { method: "PUT", path: `${path}/put`, body: { metadata: { name: "put" }, spec } }, 201);
  });

  test("a claim out of bounds is Forbidden", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "claims");
    const limits = [{ type: "PersistentVolumeClaim", min: { storage: "1Gi" } }];
    const range = { metadata: { name: "l" }, spec: { limits } };
    await expect(admin, { method: "POST", path: `${own}/limitranges`, body: range }, 201);
    const claim = (storage: string) => ({
      metadata: { name: "v" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
    });
    const path = `${own}/persistentvolumeclaims`;
    await expect(
      admin,
      { method: "POST", path, body: claim("1Mi") },
      403,
      forbidden(
        "v",
        "persistentvolumeclaims",
        "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi",
      ),
    );
    await expect(admin, { method: "POST", path, body: claim("1Gi") }, 201);
  });
});
