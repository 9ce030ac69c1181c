import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../api/core/v1/secret.ts";
import { builtInResources } from "../api/mod.ts";
import { parseEncryptionConfiguration } from "../apiserver/encryption/configuration.ts";
import { resourceOfKey } from "../apiserver/encryption/resource-of-key.ts";
import { transformersOf } from "../apiserver/encryption/transformers.ts";
import { realClock, realRandom, silentLogger } from "../base/mod.ts";
import { startCluster } from "../cluster/mod.ts";
import { EncryptedStorage } from "../storage/encrypted/encrypted-storage.ts";
import { memoryStorage } from "../storage/memory/memory.ts";
import type { Storage } from "../storage/storage.ts";

interface Secrets {
  create(secret: object): Promise<Secret>;
  get(name: string): Promise<Secret>;
  update(secret: Secret): Promise<Secret>;
}

const key = (name: string, byte: number): object => ({ name, secret: Buffer.alloc(32, byte).toString("base64") });

function encrypted(inner: Storage, providers: readonly object[]): Storage {
  const configuration = parseEncryptionConfiguration({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [{ resources: ["secrets"], providers }],
  });
  const transformers = transformersOf(configuration, { clock: realClock, random: realRandom, logger: silentLogger });
  const resourceOf = resourceOfKey(builtInResources);
  return new EncryptedStorage(inner, (name) => {
    const resource = resourceOf(name);
    return resource && transformers.of(resource);
  });
}

test("secrets are encrypted, read with a former key, and rewritten with the new one by a write that changes nothing", {
  timeout: 300_000,
}, async () => {
  const inner = memoryStorage({ clock: realClock });
  const stored = async (): Promise<string> =>
    Buffer.from((await inner.get("/registry/secrets/default/a")).entry!.value).toString("latin1");
  /** A server's life with these providers. */
  const during = async (providers: readonly object[], work: (secrets: Secrets) => Promise<void>): Promise<void> => {
    const cluster = await startCluster({ storage: encrypted(inner, providers) });
    await work(cluster.client.resource(Secret, "default"));
    await cluster.close();
  };
  const identity = { identity: {} };
  const old = { aescbc: { keys: [key("old", 1)] } };
  const turned = { secretbox: { keys: [key("new", 2)] } };
  const stringData = { password: "very secret" };

  await during([identity], async (secrets) => {
    await secrets.create({ metadata: { name: "a" }, stringData });
  });
  assert.match(await stored(), /"kind":"Secret"/);

  await during([old, identity], async (secrets) => {
    const secret = await secrets.get("a");
    assert.equal(Buffer.from(secret.data!["password"]!, "base64").toString(), "very secret");
    const rewritten = await secrets.update(secret);
    assert.notEqual(rewritten.metadata.resourceVersion, secret.metadata.resourceVersion);
    const again = await secrets.update(rewritten);
    assert.equal(again.metadata.resourceVersion, rewritten.metadata.resourceVersion);
  });
  assert.match(await stored(), /^k8s:enc:aescbc:v1:old:/);

  await during([turned, old], async (secrets) => {
    await secrets.update(await secrets.get("a"));
  });
  assert.match(await stored(), /^k8s:enc:secretbox:v1:new:/);

  await during([old], async (secrets) => {
    await assert.rejects(secrets.get("a"), { message: "Internal error occurred: no matching prefix found" });
  });
  await during([turned], async (secrets) => {
    assert.equal((await secrets.get("a")).metadata.name, "a");
  });
  await inner.close();
});
