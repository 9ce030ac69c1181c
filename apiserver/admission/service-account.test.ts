import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod, ServiceAccount } from "../../api/generated/types/core-v1.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import { serviceAccountAdmission } from "./service-account.ts";
import { admitted, testAttributes, testDefinition } from "./test-attributes.ts";

const pods = testDefinition<Pod>("", "Pod", "pods");
const serviceAccounts = testDefinition<ServiceAccount>("", "ServiceAccount", "serviceaccounts");

function setUp() {
  const [objects, clock] = [new MemoryObjects(), new VirtualClock()];
  const account = (name: string, change: object = {}, annotations: object = {}) =>
    objects.set(serviceAccounts, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { namespace: "red", name, annotations },
      ...change,
    });
  const plugin = serviceAccountAdmission({ reader: objects, serviceAccounts, clock, random: new SeededRandom(1) });
  const admit = (spec: object, annotations: object = {}) =>
    admitted<Pod>(
      plugin,
      testAttributes(pods, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { namespace: "red", name: "p", annotations },
        spec: { containers: [{ name: "c" }], ...spec },
      }),
    );
  return { objects, clock, account, admit };
}

describe("ServiceAccount admission", () => {
  it("gives a pod the default account, its pull secrets and a token where every container finds it", async () => {
    const { account, admit } = setUp();
    account("default", { imagePullSecrets: [{ name: "pull" }] });
    const { spec } = await admit({
      initContainers: [{ name: "i" }],
      containers: [{ name: "c", volumeMounts: [{ name: "v", mountPath: "/x" }] }],
    });
    const name = spec.volumes![0]!.name;
    assert.match(name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const mount = { name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" };
    assert.deepEqual(spec, {
      containers: [{ name: "c", volumeMounts: [{ name: "v", mountPath: "/x" }, mount] }],
      initContainers: [{ name: "i", volumeMounts: [mount] }],
      serviceAccountName: "default",
      serviceAccount: "default",
      imagePullSecrets: [{ name: "pull" }],
      volumes: [
        {
          name,
          projected: {
            defaultMode: 420,
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
              { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
              {
                downwardAPI: {
                  items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
                },
              },
            ],
          },
        },
      ],
    });
  });

  it("mounts no token where pod or account want none, or something else is there already", async () => {
    const { account, admit } = setUp();
    account("default");
    account("shy", { automountServiceAccountToken: false });
    assert.equal((await admit({ automountServiceAccountToken: false })).spec.volumes, undefined);
    assert.equal((await admit({ serviceAccountName: "shy" })).spec.volumes, undefined);
    assert.equal(
      (await admit({ serviceAccountName: "shy", automountServiceAccountToken: true })).spec.volumes?.length,
      1,
    );
    const taken = [
      { name: "c", volumeMounts: [{ name: "own", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }] },
    ];
    assert.equal((await admit({ containers: taken })).spec.volumes, undefined);
  });

  it("takes the account named by the field's old name", async () => {
    const { account, admit } = setUp();
    account("robot");
    assert.equal((await admit({ serviceAccount: "robot" })).spec.serviceAccountName, "robot");
  });

  it("refuses accounts that do not exist, but waits for a new namespace's default", async () => {
    const { account, admit, clock } = setUp();
    await assert.rejects(admit({ serviceAccountName: "x" }), {
      message: 'pods "p" is forbidden: error looking up service account red/x: serviceaccount "x" not found',
    });
    const early = admit({});
    account("default");
    assert.equal((await early).spec.serviceAccountName, "default");
    const other = setUp();
    const never = other.admit({});
    never.catch(() => undefined);
    await other.clock.advance(2000);
    await assert.rejects(never, /error looking up service account red\/default: serviceaccount "default" not found/);
    assert.ok(clock);
  });

  it("lets mirror pods refer to nothing", async () => {
    const { admit } = setUp();
    const mirror = { "kubernetes.io/config.mirror": "hash" };
    assert.equal((await admit({}, mirror)).spec.serviceAccountName, undefined);
    const refused = (spec: object, message: string) =>
      assert.rejects(admit(spec, mirror), { message: `pods "p" is forbidden: ${message}` });
    await refused({ serviceAccountName: "x" }, "a mirror pod may not reference service accounts");
    await refused({ volumes: [{ name: "v", secret: { secretName: "s" } }] }, "a mirror pod may not reference secrets");
    await refused(
      { volumes: [{ name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] },
      "a mirror pod may not use ServiceAccountToken volume projections",
    );
  });

  it("keeps to an account's own secrets where the account asks for that", async () => {
    const { account, admit } = setUp();
    account("strict", { secrets: [{ name: "mine" }] }, { "kubernetes.io/enforce-mountable-secrets": "true" });
    const withSecret = (name: string) =>
      admit({ serviceAccountName: "strict", volumes: [{ name: "v", secret: { secretName: name } }] });
    await withSecret("mine");
    await assert.rejects(withSecret("yours"), {
      message:
        'pods "p" is forbidden: volume with secret.secretName="yours" is not allowed because service account strict does not reference that secret',
    });
    const env = [{ name: "E", valueFrom: { secretKeyRef: { name: "yours", key: "k" } } }];
    await assert.rejects(admit({ serviceAccountName: "strict", containers: [{ name: "c", env }] }), {
      message:
        'pods "p" is forbidden: container c with envVar E referencing secret.secretName="yours" is not allowed because service account strict does not reference that secret',
    });
  });
});
