import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Secret } from "../../api/core/v1/secret.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { VirtualClock } from "../../base/mod.ts";
import { CriError } from "../../cri/mod.ts";
import { FakeImages } from "../../cri/testing/fake-images.ts";
import { createImagePuller } from "./create-image-puller.ts";

const signal = new AbortController().signal;

function secretOf(name: string, username: string, registry = "a.io"): Secret {
  const auths = { [registry]: { username, password: `password of ${username}` } };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "default", uid: `uid-${name}` },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
  };
}

function podOf(name: string, pullSecrets: readonly string[] = []): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: `uid-${name}`, resourceVersion: "7" },
    spec: { containers: [{ name: "main" }], imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })) },
  } as unknown as Pod;
}

const containerOf = (image: string, imagePullPolicy = "IfNotPresent"): Container =>
  ({ name: "main", image, imagePullPolicy }) as Container;

function setUp({ maxParallelPulls = 1, recordsFolder }: { maxParallelPulls?: number; recordsFolder?: string } = {}) {
  const clock = new VirtualClock();
  const images = new FakeImages(clock);
  const secrets = new Map<string, Secret>();
  const told: string[] = [];
  const puller = createImagePuller({
    clock,
    images,
    events: { event: (_, { type, reason, message }) => void told.push(`${type} ${reason} ${message}`) },
    objects: { secret: (_, name) => Promise.resolve(secrets.get(name)) },
    maxParallelPulls,
    ...(recordsFolder !== undefined && { recordsFolder }),
  });
  const ensure = (pod: Pod, container: Container, by = signal) => clock.runUntil(puller.ensure(pod, container, by));
  return { clock, images, secrets, told, puller, ensure };
}

function refusing(images: FakeImages, text = "not found", code: "NotFound" | "Unknown" = "NotFound"): void {
  images.onPull = () => {
    throw new CriError(code, text);
  };
}

test("an absent image is pulled, and that is told with how long it took and how large it is", async () => {
  const { images, told, ensure } = setUp();
  images.pullMs = 1_234;
  images.onPull = () => ({ size: 4_261_502 });
  const outcome = await ensure(podOf("p"), containerOf("busybox"));
  assert.deepEqual(outcome, { kind: "present", imageRef: images.find("busybox")!.id });
  assert.equal(images.pulls[0]!.image!.image, "busybox:latest");
  assert.deepEqual(told, [
    'Normal Pulling Pulling image "busybox"',
    'Normal Pulled Successfully pulled image "busybox" in 1.234s (1.234s including waiting). Image size: 4261502 bytes.',
  ]);
});

test("a present image is pulled only where the policy says Always", async () => {
  const { images, told, ensure } = setUp();
  const { id } = images.add({ name: "busybox:1" });
  for (const policy of ["IfNotPresent", "Never"])
    assert.deepEqual(await ensure(podOf("p"), containerOf("busybox:1", policy)), { kind: "present", imageRef: id });
  assert.equal(images.pulls.length, 0);
  assert.equal(
    told[0],
    'Normal Pulled Container image "busybox:1" already present on machine and can be accessed by the pod',
  );
  assert.equal((await ensure(podOf("p"), containerOf("busybox:1", "Always"))).kind, "present");
  assert.equal(images.pulls.length, 1);
});

test("an absent image is not pulled where the policy says Never", async () => {
  const { images, told, ensure } = setUp();
  const outcome = await ensure(podOf("p"), containerOf("busybox:1", "Never"));
  assert.ok(outcome.kind === "waiting");
  assert.equal(outcome.reason, "ErrImageNeverPull");
  assert.equal(outcome.message, 'Container image "busybox:1" is not present with pull policy of Never');
  assert.deepEqual(told, [`Warning ErrImageNeverPull ${outcome.message}`, "Warning Failed Error: ErrImageNeverPull"]);
  assert.equal(images.pulls.length, 0);
});

test("what is no name is not pulled", async () => {
  const { told, ensure } = setUp();
  const outcome = await ensure(podOf("p"), containerOf("bad image"));
  const message =
    'Failed to apply default image tag "bad image": couldn\'t parse image name "bad image": invalid reference format';
  assert.ok(outcome.kind === "waiting" && outcome.reason === "InvalidImageName");
  assert.equal(outcome.message, message);
  assert.deepEqual(told, [`Warning InspectFailed ${message}`, "Warning Failed Error: InvalidImageName"]);
});

test("failed pulls wait 10 s, doubling to 5 min, each pod for itself", async () => {
  const { clock, images, told, ensure } = setUp();
  refusing(images, 'failed to pull and unpack image "docker.io/library/nope:latest": not found');
  const container = containerOf("nope");
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    const failed = await ensure(podOf("p"), container);
    assert.ok(failed.kind === "waiting" && failed.reason === "ErrImagePull");
    const waiting = await ensure(podOf("p"), container);
    assert.ok(waiting.kind === "waiting" && waiting.reason === "ImagePullBackOff");
    assert.equal(waiting.message, `Back-off pulling image "nope": ErrImagePull: ${failed.message}`);
    waits.push((waiting.retryAtMs - clock.monotonicMs()) / 1_000);
    await clock.advance(waiting.retryAtMs - clock.monotonicMs());
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 300, 300]);
  const text =
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nope:latest": not found';
  assert.deepEqual(told.slice(0, 5), [
    'Normal Pulling Pulling image "nope"',
    `Warning Failed Failed to pull image "nope": ${text}`,
    "Warning Failed Error: ErrImagePull",
    'Normal BackOff Back-off pulling image "nope"',
    "Warning Failed Error: ImagePullBackOff",
  ]);
  const other = await ensure(podOf("other"), container);
  assert.ok(other.kind === "waiting" && other.reason === "ErrImagePull", "another pod tries for itself");
});

test("a pull that succeeds at last ends the back-off", async () => {
  const { clock, images, ensure } = setUp();
  refusing(images);
  await ensure(podOf("p"), containerOf("a.io/x"));
  images.onPull = () => ({});
  await clock.advance(10_000);
  assert.equal((await ensure(podOf("p"), containerOf("a.io/x"))).kind, "present");
  refusing(images);
  const failed = await ensure(podOf("p"), containerOf("a.io/x", "Always"));
  const waiting = await ensure(podOf("p"), containerOf("a.io/x", "Always"));
  assert.ok(failed.kind === "waiting" && waiting.kind === "waiting");
  assert.equal(waiting.retryAtMs - clock.monotonicMs(), 10_000);
});

test("the code Unknown is left out, the runtime's kinds of failure become reasons", async () => {
  const { images, ensure } = setUp();
  refusing(images, "RegistryUnavailable: timeout", "Unknown");
  const outcome = await ensure(podOf("p"), containerOf("a.io/x"));
  assert.ok(outcome.kind === "waiting");
  assert.equal(outcome.reason, "RegistryUnavailable");
  assert.equal(outcome.message, "image pull failed for a.io/x because the registry is unavailable: timeout");
});

test("each credential that fits is tried in turn, others are not", async () => {
  const { images, secrets, ensure } = setUp();
  for (const name of ["wrong", "right"]) secrets.set(name, secretOf(name, name));
  secrets.set("elsewhere", secretOf("elsewhere", "elsewhere", "b.io"));
  images.onPull = (_, auth) => {
    if (auth?.username !== "right") throw new CriError("Unknown", `denied to ${auth?.username}`);
    return {};
  };
  const pod = podOf("p", ["elsewhere", "wrong", "right"]);
  assert.equal((await ensure(pod, containerOf("a.io/x"))).kind, "present");
  assert.deepEqual(
    images.pulls.map(({ auth }) => [auth?.username, auth?.password]),
    [
      ["wrong", "password of wrong"],
      ["right", "password of right"],
    ],
  );
  const failed = await ensure(podOf("q", ["elsewhere", "wrong"]), containerOf("a.io/y"));
  assert.ok(failed.kind === "waiting");
  assert.equal(failed.message, "denied to wrong");
});

test("without a credential that fits the pull has none", async () => {
  const { images, ensure } = setUp();
  await ensure(podOf("p"), containerOf("a.io/x"));
  assert.equal(images.pulls[0]!.auth, undefined);
});

test("a secret that is missing is told, the pull goes on without it", async () => {
  const { told, ensure } = setUp();
  assert.equal((await ensure(podOf("p", ["gone", ""]), containerOf("a.io/x"))).kind, "present");
  assert.equal(
    told[0],
    "Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (gone); attempting to pull the image may not succeed.",
  );
});

test("one image is pulled once however many ask", async () => {
  const { clock, images, puller } = setUp();
  images.pullMs = 5_000;
  const asked = ["a", "b", "c"].map((name) => puller.ensure(podOf(name), containerOf("a.io/x"), signal));
  await clock.advance(5_000);
  assert.deepEqual(
    (await Promise.all(asked)).map(({ kind }) => kind),
    ["present", "present", "present"],
  );
  assert.equal(images.pulls.length, 1);
});

test("never more pulls at once than allowed; the waiting is told apart", async () => {
  const { clock, images, told, puller } = setUp({ maxParallelPulls: 2 });
  images.pullMs = 1_000;
  let most = 0;
  images.onPull = () => {
    most = Math.max(most, images.pulling);
    return {};
  };
  const asked = ["1", "2", "3", "4", "5"].map((name) =>
    puller.ensure(podOf(name), containerOf(`a.io/${name}`), signal),
  );
  await clock.advance(3_000);
  await Promise.all(asked);
  assert.equal(most, 2);
  assert.match(told.at(-1)!, /Successfully pulled image "a\.io\/5" in 1s \(3s including waiting\)/);
});

test("a pod that goes away leaves the pull to others, and ends it where it was the last", async () => {
  const { clock, images, puller } = setUp();
  images.pullMs = 5_000;
  const [first, second] = [new AbortController(), new AbortController()];
  const asked = [first, second].map((by, i) => puller.ensure(podOf(`${i}`), containerOf("a.io/x"), by.signal));
  await clock.advance(1_000);
  first.abort(new Error("gone"));
  await assert.rejects(asked[0]!, /gone/);
  assert.equal(images.pulling, 1);
  second.abort(new Error("gone too"));
  await assert.rejects(asked[1]!, /gone too/);
  await clock.settle();
  assert.equal(images.pulling, 0);
});

test("an image that one pod's secret opened is closed to pods without it", async () => {
  const { images, secrets, told, ensure } = setUp();
  secrets.set("pull", secretOf("pull", "me"));
  secrets.set("copy", { ...secretOf("copy", "me") });
  images.onPull = (_, auth) => {
    if (auth?.username !== "me") throw new CriError("Unknown", "denied");
    return {};
  };
  const container = containerOf("a.io/private:1");
  assert.equal((await ensure(podOf("owner", ["pull"]), container)).kind, "present");
  const stranger = await ensure(podOf("stranger"), container);
  assert.ok(stranger.kind === "waiting" && stranger.reason === "ErrImagePull");
  const never = await ensure(podOf("never"), containerOf("a.io/private:1", "Never"));
  assert.ok(never.kind === "waiting" && never.reason === "ErrImageNeverPull");
  const pulls = images.pulls.length;
  assert.equal((await ensure(podOf("again", ["pull"]), container)).kind, "present");
  assert.equal((await ensure(podOf("same", ["copy"]), container)).kind, "present");
  assert.equal(images.pulls.length, pulls, "equal credentials open it as it is");
  assert.match(told.at(-1)!, /already present on machine and can be accessed by the pod/);
});

test("who has pulled what outlives the kubelet", async (t: TestContext) => {
  const recordsFolder = mkdtempSync(join(tmpdir(), "k8ts-records-"));
  t.after(() => rmSync(recordsFolder, { recursive: true }));
  const first = setUp({ recordsFolder });
  first.secrets.set("pull", secretOf("pull", "me"));
  await first.ensure(podOf("owner", ["pull"]), containerOf("a.io/private:1"));
  assert.equal(readdirSync(join(recordsFolder, "pulled")).length, 1);

  const second = setUp({ recordsFolder });
  second.images.add({ name: "a.io/private:1" });
  refusing(second.images);
  assert.equal((await second.ensure(podOf("stranger"), containerOf("a.io/private:1"))).kind, "waiting");
  second.secrets.set("pull", secretOf("pull", "me"));
  assert.equal((await second.ensure(podOf("owner", ["pull"]), containerOf("a.io/private:1"))).kind, "present");
});

test("an image that everybody may pull is open to all, secrets or not", async () => {
  const { images, secrets, ensure } = setUp();
  await ensure(podOf("anybody"), containerOf("a.io/public:1"));
  secrets.set("pull", secretOf("pull", "me"));
  assert.equal((await ensure(podOf("p", ["pull"]), containerOf("a.io/public:1"))).kind, "present");
  assert.equal(images.pulls.length, 1);
});
