import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Secret } from "../../api/core/v1/secret.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { builtInResources } from "../../api/mod.ts";
import { parseEncryptionConfiguration } from "../../apiserver/encryption/configuration.ts";
import { resourceOfKey } from "../../apiserver/encryption/resource-of-key.ts";
import { type Transformers, transformersOf } from "../../apiserver/encryption/transformers.ts";
import { realClock, realRandom, silentLogger } from "../../base/mod.ts";
import { EncryptedStorage } from "../../storage/encrypted/encrypted-storage.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import type { Storage } from "../../storage/storage.ts";
import { configMaps, create, type Event, expect, failure, nextEvent, seen } from "../support/conformance.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

// Behaviour: apiserver/pkg/storage/etcd3/store.go, storage/errors/storage.go; KEP-3926 (registry/corrupt_obj_deleter.go).

const ignore = "ignoreStoreReadErrorWithClusterBreakingPotential";
const keyOf = (name: string): string => `/registry/configmaps/default/${name}`;

interface Subject {
  readonly admin: HttpClient;
  readonly https: HttpsServer;
}

async function serving(
  protocol: keyof typeof clientOf,
  storage: Storage,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  const https = await startHttpsServer({ storage });
  const admin = clientOf[protocol](https.port, https.admin);
  try {
    await work({ admin, https });
  } finally {
    admin.close();
    await https.close();
  }
}

const noJson = "couldn't get version/kind; json parse error: invalid character 'o' in literal null (expecting 'u')";
const unreadable = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: noJson,
  code: 500,
};

async function withBroken(protocol: keyof typeof clientOf, work: (subject: Subject) => Promise<void>): Promise<void> {
  const storage = memoryStorage({ clock: realClock });
  await storage.put(keyOf("broken"), Buffer.from("no object"));
  await serving(protocol, storage, work);
  await storage.close();
}

for (const protocol of ["h1", "h2"] as const) {
  describe(`bytes that are no object (${protocol})`, { timeout: 300_000 }, () => {
    test("the server starts; who asks for the object or for what includes it hears of it, and all else is as ever", async () => {
      await withBroken(protocol, async ({ admin, https: { server } }) => {
        await expect(admin, { path: "/readyz" }, 200, "ok");
        await expect(admin, { path: `${configMaps}/broken` }, 500, unreadable);
        await create(admin, "good", { data: { a: "1" } });
        const body = { metadata: { name: "good" }, data: { a: "2" } };
        await expect(admin, { method: "PUT", path: `${configMaps}/good`, body }, 200);
        for (const path of [
          configMaps,
          "/api/v1/configmaps",
          `${configMaps}?labelSelector=a%3Db`,
          `${configMaps}?limit=1`,
        ])
          await expect(admin, { path }, 500, unreadable);
        await expect(admin, { path: `${configMaps}?fieldSelector=metadata.name%3Dbroken` }, 500, unreadable);
        const one = seen(await expect(admin, { path: `${configMaps}?fieldSelector=metadata.name%3Dgood` }, 200));
        assert.deepEqual(
          one.items?.map(({ data }) => data),
          [{ a: "2" }],
        );
        await expect(admin, { path: "/api/v1/namespaces/kube-system/configmaps" }, 200);
        await expect(admin, { method: "DELETE", path: configMaps }, 500, unreadable);
        await expect(admin, { path: `${configMaps}/good` }, 200);
        assert.equal(server.registry.get(ConfigMap, "default", "broken"), undefined);
        assert.deepEqual(
          [...server.registry.list(ConfigMap, "default")].map(({ metadata }) => metadata.name),
          ["good"],
        );
      });
    });

    test("nothing writes it", async () => {
      await withBroken(protocol, async ({ admin, https: { storage } }) => {
        const path = `${configMaps}/broken`;
        const body = { metadata: { name: "broken" } };
        const headers = { "content-type": "application/merge-patch+json" };
        const applied = { apiVersion: "v1", kind: "ConfigMap", ...body };
        const apply = { "content-type": "application/apply-patch+yaml" };
        const before = await storage.get(keyOf("broken"));
        await expect(admin, { method: "PUT", path, body }, 500, unreadable);
        await expect(admin, { method: "PATCH", path, headers, body: '{"data":{"a":"b"}}' }, 500, unreadable);
        const manager = `${path}?fieldManager=m&force=true`;
        await expect(
          admin,
          { method: "PATCH", path: manager, headers: apply, body: JSON.stringify(applied) },
          500,
          unreadable,
        );
        await expect(admin, { method: "DELETE", path }, 500, unreadable);
        const there = failure(409, "AlreadyExists", 'configmaps "broken" already exists', {
          name: "broken",
          kind: "configmaps",
        });
        await expect(admin, { method: "POST", path: configMaps, body }, 409, there);
        assert.deepEqual((await storage.get(keyOf("broken"))).entry, before.entry);
      });
    });

    test("a watch ends with it, and nothing is passed over", async () => {
      await withBroken(protocol, async ({ admin, https: { storage } }) => {
        const ended = { type: "ERROR", object: unreadable };
        const initial = await admin.watch(`${configMaps}?watch=1`);
        assert.deepEqual(await initial.rest(), [ended]);
        const from = await revisionOf(admin);
        const all = await admin.watch(`${configMaps}?watch=1&resourceVersion=${from}`);
        const one = await admin.watch(
          `${configMaps}?watch=1&resourceVersion=${from}&fieldSelector=metadata.name%3Dgood`,
        );
        await create(admin, "good");
        assert.equal((await nextEvent(all)).object.metadata.name, "good");
        await storage.put(keyOf("other"), Buffer.from("no object"));
        assert.deepEqual(await all.rest(), [ended]);
        await expect(admin, { method: "DELETE", path: `${configMaps}/good` }, 200);
        assert.deepEqual([(await nextEvent(one)).type, (await nextEvent(one)).type], ["ADDED", "DELETED"]);
        one.cancel();
        const again = await admin.watch(`${configMaps}?watch=1&resourceVersion=${from}`);
        assert.deepEqual(
          ((await again.rest()) as Event[]).map(({ type }) => type),
          ["ADDED", "ERROR"],
        );
        await expect(admin, { path: "/readyz" }, 200, "ok");
      });
    });

    test("who may, and says so, removes it; what can be read is not removed so", async () => {
      await withBroken(protocol, async ({ admin, https }) => {
        const path = `${configMaps}/broken`;
        const verb = "unsafe-delete-ignore-read-errors";
        const may = async (name: string, verbs: readonly string[]): Promise<HttpClient> => {
          const roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
          const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs }];
          await expect(admin, { method: "POST", path: roles, body: { metadata: { name }, rules } }, 201);
          const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
          const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }];
          const body = { metadata: { name }, roleRef, subjects };
          await expect(admin, { method: "POST", path: roles.replace("roles", "rolebindings"), body }, 201);
          return clientOf[protocol](https.port, https.issue({ commonName: name }));
        };
        const [ordinary, unsafe] = [await may("ordinary", ["delete"]), await may("unsafe", ["delete", verb])];
        await create(admin, "good");
        const refused = await expect(ordinary, { method: "DELETE", path: `${path}?${ignore}=true` }, 403);
        assert.equal(
          seen(refused).message,
          `configmaps "broken" is forbidden: not permitted to do "${verb}", reason: `,
        );
        const invalid = (kind: string, group: string, name: string, text: string) => ({
          ...failure(
            422,
            "Invalid",
            `${kind}${group && `.${group}`} "${name}" is invalid: ${ignore}: Invalid value: true: ${text}`,
          ),
          details: {
            ...(name === "" ? {} : { name }),
            ...(group === "" ? {} : { group }),
            kind,
            causes: [{ reason: "FieldValueInvalid", message: `Invalid value: true: ${text}`, field: ignore }],
          },
        });
        for (const name of ["good", "missing"]) {
          const only = "is exclusively used to delete corrupt object(s), try again by removing this option";
          const call = { method: "DELETE", path: `${configMaps}/${name}`, body: { [ignore]: true } };
          await expect(unsafe, call, 422, invalid("configmaps", "", name, only));
        }
        const group = "meta.k8s.io";
        for (const [option, value] of [
          ["dryRun", ["All"]],
          ["propagationPolicy", "Background"],
          ["orphanDependents", false],
          ["gracePeriodSeconds", 0],
          ["preconditions", { uid: "x" }],
        ] as const) {
          const text = `cannot be set together with .${option}`;
          const call = { method: "DELETE", path, body: { [ignore]: true, [option]: value } };
          await expect(unsafe, call, 422, invalid("DeleteOptions", group, "", text));
        }
        const collection = "is not allowed with DELETECOLLECTION, try again after removing the option";
        const call = { method: "DELETE", path: `${configMaps}?${ignore}=true` };
        await expect(admin, call, 422, invalid("DeleteOptions", group, "", collection));

        const from = await revisionOf(admin);
        const watch = await admin.watch(`${configMaps}?watch=1&resourceVersion=${from}`);
        await expect(unsafe, { method: "DELETE", path, body: { [ignore]: true } }, 200, {
          kind: "Status",
          apiVersion: "v1",
          metadata: {},
          status: "Success",
          details: { name: "broken", kind: "ConfigMap" },
          code: 200,
        });
        assert.deepEqual(await watch.rest(), [{ type: "ERROR", object: unreadable }]);
        await expect(admin, { path }, 404);
        const { items = [] } = seen(await expect(admin, { path: configMaps }, 200));
        assert.deepEqual(
          items.map(({ metadata }) => metadata.name),
          ["good"],
        );
        ordinary.close();
        unsafe.close();
      });
    });
  });

  describe(`an object whose key is gone (${protocol})`, { timeout: 300_000 }, () => {
    test("is not served and not lost: it is there again with its key", async () => {
      const inner = memoryStorage({ clock: realClock });
      let transformers = withKeys("one");
      const resourceOf = resourceOfKey(builtInResources);
      const open = () =>
        new EncryptedStorage(inner, (key) => {
          const resource = resourceOf(key);
          return resource && transformers.of(resource);
        });
      const secrets = "/api/v1/namespaces/default/secrets";
      const body = (name: string) => ({ metadata: { name }, stringData: { password: "very secret" } });
      await serving(protocol, open(), async ({ admin }) => {
        await expect(admin, { method: "POST", path: secrets, body: body("a") }, 201);
      });
      const stored = await inner.get("/registry/secrets/default/a");

      transformers = withKeys("two", "one");
      await serving(protocol, open(), async ({ admin }) => {
        await expect(admin, { path: `${secrets}/a` }, 200);
      });

      transformers = withKeys("two");
      const storage = open();
      await serving(protocol, storage, async ({ admin, https: { server } }) => {
        const heard: string[] = [];
        server.registry.onChange(Secret, ({ type, object }) => heard.push(`${type} ${object.metadata.name}`));
        const internal = (text: string): object =>
          failure(500, "InternalError", `Internal error occurred: ${text}`, { causes: [{ message: text }] });
        const reason = "no matching key was found for the provided Secretbox transformer";
        const path = `${secrets}/a`;
        await expect(admin, { path }, 500, internal(reason));
        const listed = internal(`unable to transform key "/registry/secrets/default/a": ${reason}`);
        await expect(admin, { path: secrets }, 500, listed);
        await expect(admin, { method: "PUT", path, body: body("a") }, 500, internal(reason));
        await expect(admin, { method: "DELETE", path }, 500, internal(reason));
        await expect(admin, { method: "POST", path: secrets, body: body("b") }, 201);
        await expect(admin, { path: `${secrets}/b` }, 200);
        assert.deepEqual((await inner.get("/registry/secrets/default/a")).entry, stored.entry);
        assert.deepEqual(heard, ["ADDED b"]);

        transformers = withKeys("two", "one");
        storage.transformersChanged();
        const { metadata } = seen(await expect(admin, { path }, 200));
        assert.equal(metadata.resourceVersion, String(stored.entry!.modRevision));
        const { items = [] } = seen(await expect(admin, { path: secrets }, 200));
        assert.deepEqual(
          items.map((one) => [one.metadata.name, one.data]),
          [
            ["a", { password: "dmVyeSBzZWNyZXQ=" }],
            ["b", { password: "dmVyeSBzZWNyZXQ=" }],
          ],
        );
        assert.deepEqual(heard, ["ADDED b", "ADDED a"]);
        const before = seen(await expect(admin, { path }, 200));
        const written = seen(await expect(admin, { method: "PUT", path, body: body("a") }, 200));
        assert.notEqual(written.metadata.resourceVersion, before.metadata.resourceVersion);
      });

      transformers = withKeys("two");
      await serving(protocol, open(), async ({ admin }) => {
        await expect(admin, { path: `${secrets}/a` }, 200);
      });
      await inner.close();
    });
  });
}

/** Each may refuse or change a pod, were it there. */
const rules = [
  ["validatingwebhookconfigurations.admissionregistration.k8s.io", "hook"],
  ["mutatingwebhookconfigurations.admissionregistration.k8s.io", "hook"],
  ["validatingadmissionpolicies.admissionregistration.k8s.io", "policy"],
  ["validatingadmissionpolicybindings.admissionregistration.k8s.io", "binding"],
  ["resourcequotas", "default/quota"],
  ["limitranges", "default/range"],
] as const;

for (const [resource, name] of rules) {
  test(`nothing passes by ${resource} that cannot be read`, { timeout: 60_000 }, async () => {
    const storage = memoryStorage({ clock: realClock });
    const plural = resource.replace(/\..*/, "");
    const key = `/registry/${plural}/${name}`;
    await storage.put(key, Buffer.from("no object"));
    await serving("h2", storage, async ({ admin, https: { server } }) => {
      await server.registry.create(ServiceAccount, { metadata: { namespace: "default", name: "default" } });
      const path = "/api/v1/namespaces/default/pods";
      const body = { metadata: { name: "a" }, spec: { containers: [{ name: "a", image: "a" }] } };
      const text = `cannot read all ${resource} in the store; the server's log names their keys`;
      const refusal = failure(500, "InternalError", `Internal error occurred: ${text}`, {
        causes: [{ message: text }],
      });
      await expect(admin, { method: "POST", path, body }, 500, refusal);
      const { group, version } = builtInResources.find((one) => one.plural === plural)!;
      const prefix = group === "" ? "/api/v1" : `/apis/${group}/${version}`;
      const slash = name.indexOf("/");
      const where = slash < 0 ? "" : `/namespaces/${name.slice(0, slash)}`;
      const own = `${prefix}${where}/${plural}/${name.slice(slash + 1)}`;
      await expect(admin, { method: "DELETE", path: `${own}?${ignore}=true` }, 200);
      await expect(admin, { method: "POST", path, body }, 201);
    });
    await storage.close();
  });
}

/** The revision of the store, as a list says it that includes nothing unreadable. */
async function revisionOf(admin: HttpClient): Promise<number> {
  const list = await expect(admin, { path: "/api/v1/namespaces/kube-system/configmaps" }, 200);
  return Number(seen(list).metadata.resourceVersion);
}

function withKeys(...names: readonly string[]): Transformers {
  const configuration = parseEncryptionConfiguration({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: names.map((name) => ({
          secretbox: { keys: [{ name, secret: Buffer.alloc(32, name).toString("base64") }] },
        })),
      },
    ],
  });
  return transformersOf(configuration, { clock: realClock, random: realRandom, logger: silentLogger });
}
