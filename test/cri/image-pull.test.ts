import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Secret } from "../../api/core/v1/secret.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { realClock } from "../../base/mod.ts";
import { createImagePuller } from "../../kubelet/images/create-image-puller.ts";
import { busyboxImage } from "../support/images/busybox.ts";
import { indexed } from "../support/images/image.ts";
import type { RegistryAccess } from "../support/images/registry.ts";
import { startRegistry } from "../support/images/registry-process.ts";
import { startRuntime, whyNot } from "./containers.ts";

const skip = whyNot() ?? false;
const never = new AbortController().signal;

const podOf = (name: string, ...secrets: string[]): Pod =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name },
    spec: { containers: [], imagePullSecrets: secrets.map((secret) => ({ name: secret })) },
  }) as unknown as Pod;

/** A containerd, a registry that it can reach, and a kubelet's puller. */
async function setUp(t: TestContext, access?: RegistryAccess) {
  const runtime = await startRuntime(t);
  const image = await busyboxImage({ config: { Labels: { test: "pull" } } });
  const repositories = ["team/app", "open/app", "library/thing"];
  const images = [
    ...repositories.map((repository) => ({ repository, tag: "v1", image })),
    { repository: "team/app", tag: "index", image: indexed(image) },
  ];
  const registry = await startRegistry(t, runtime.namespace, { images, ...(access && { access }) });
  const secrets = new Map<string, Secret>();
  const addSecret = (name: string, username: string, password: string): void => {
    const auths = { [registry.address]: { username, password } };
    secrets.set(name, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "default", uid: name },
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
    });
  };
  const told: string[] = [];
  const puller = createImagePuller({
    clock: realClock,
    images: runtime.client,
    events: { event: (_, { reason, message }) => void told.push(`${reason} ${message}`) },
    objects: { secret: (_, name) => Promise.resolve(secrets.get(name)) },
    maxParallelPulls: 2,
  });
  const ensure = (pod: Pod, name: string, imagePullPolicy = "IfNotPresent") =>
    puller.ensure(pod, { name: "main", image: name, imagePullPolicy } as Container, never);
  return { ...runtime, registry, image, addSecret, told, ensure };
}

test("an image comes from its registry, by tag and by digest", { skip, timeout: 120_000 }, async (t) => {
  const { registry, image, ensure, told, client } = await setUp(t);
  const byTag = await ensure(podOf("tag"), `${registry.address}/team/app:v1`);
  assert.deepEqual(byTag, { kind: "present", imageRef: image.id });
  const size = (await client.imageStatus({ image: { image: image.id } })).image!.size;
  assert.match(
    told.at(-1)!,
    new RegExp(
      `^Pulled Successfully pulled image ".*/team/app:v1" in \\d+ms \\(\\d+ms including waiting\\)\\. Image size: ${size} bytes\\.$`,
    ),
  );
  const byDigest = await ensure(podOf("digest"), `${registry.address}/open/app@${image.digest}`);
  assert.deepEqual(byDigest, { kind: "present", imageRef: image.id });

  const below = await ensure(podOf("index"), `${registry.address}/team/app:index`);
  assert.deepEqual(below, { kind: "present", imageRef: image.id });

  const missing = await ensure(podOf("missing"), `${registry.address}/team/app:v2`);
  assert.ok(missing.kind === "waiting" && missing.reason === "ErrImagePull");
  assert.match(
    missing.message,
    /^rpc error: code = NotFound desc = failed to pull and unpack image ".*\/team\/app:v2": .*not found$/,
  );
});

for (const scheme of ["basic", "bearer"] as const)
  test(`a private image needs a credential that the registry takes: ${scheme}`, {
    skip,
    timeout: 120_000,
  }, async (t) => {
    const access = { scheme, users: { me: "secret" }, publicRepositories: ["open/app"] };
    const { registry, addSecret, ensure } = await setUp(t, access);
    addSecret("wrong", "me", "guess");
    addSecret("right", "me", "secret");
    const name = `${registry.address}/team/app:v1`;

    const without = await ensure(podOf("without"), name);
    assert.ok(without.kind === "waiting" && without.reason === "ErrImagePull");
    const wrong = await ensure(podOf("wrong", "wrong"), name);
    assert.ok(wrong.kind === "waiting" && wrong.reason === "ErrImagePull");
    assert.match(wrong.message, /401|authorization failed/i);
    assert.equal((await ensure(podOf("right", "wrong", "right"), name)).kind, "present");
    assert.ok(registry.requests.some(({ user, status }) => user === "me" && status === 200));
    assert.equal((await ensure(podOf("open"), `${registry.address}/open/app:v1`)).kind, "present");
    assert.equal((await ensure(podOf("stranger"), name)).kind, "waiting", "here by now, but not for everybody");
  });

test("mirrors serve names of registries that nobody can reach", { skip, timeout: 120_000 }, async (t) => {
  const { registry, containerd, image, ensure } = await setUp(t);
  const hosts = join(containerd.files.containerd.certs, "docker.io");
  mkdirSync(hosts, { recursive: true });
  writeFileSync(
    join(hosts, "hosts.toml"),
    `[host."http://${registry.address}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
  assert.deepEqual(await ensure(podOf("p"), "thing:v1"), { kind: "present", imageRef: image.id });
});
