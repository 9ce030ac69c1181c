import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { realClock } from "../../base/mod.ts";
import { ImageLoadError, imageRows, loadImages } from "../../cri/mod.ts";
import { busyboxImage } from "../support/images/busybox.ts";
import { dockerArchive, indexed, ociArchive } from "../support/images/image.ts";
import { startRuntime, whyNot } from "./containers.ts";

test("archives of images are loaded, of both kinds, and pods find them", {
  skip: whyNot() ?? false,
  timeout: 120_000,
}, async (t) => {
  const { client, containerd } = await startRuntime(t);
  const file = join(containerd.dataDir, "test/archive.tar");
  const load = (archive: string | Readable) =>
    loadImages({ clock: realClock, socketPath: containerd.socket, images: client, archive });
  const image = await busyboxImage({ config: { Labels: { test: "load" } } });

  await t.test("an OCI layout with two names", async () => {
    const names = ["registry.k8s.io/e2e-test-images/busybox:1.37.0-1", "localhost:5000/mine:dev"];
    writeFileSync(file, await ociArchive([{ image, names }]));
    const loaded = await load(file);
    assert.deepEqual(loaded.map(({ name }) => name).sort(), [...names].sort());
    assert.equal(loaded[0]!.digest, image.digest);
    const found = await client.imageStatus({ image: { image: "registry.k8s.io/e2e-test-images/busybox:1.37.0-1" } });
    assert.equal(found.image?.id, image.id);
  });
  await t.test("what docker saves, with the short name of a pod, compressed, from a stream", async () => {
    const archive = gzipSync(await dockerArchive([{ image, names: ["thing:v1"] }]), { level: 1 });
    const [loaded] = await load(Readable.from([archive]));
    assert.equal(loaded?.name, "docker.io/library/thing:v1");
    assert.equal((await client.imageStatus({ image: { image: "thing:v1" } })).image?.id, image.id);
  });
  await t.test("an index with statements of where it came from, as docker buildx makes them", async () => {
    const built = indexed(image);
    writeFileSync(file, await ociArchive([{ image: built, names: ["docker.io/me/built:1"] }]));
    assert.deepEqual(await load(file), [{ name: "docker.io/me/built:1", digest: built.digest }]);
    assert.equal((await client.imageStatus({ image: { image: "me/built:1" } })).image?.id, image.id);
  });
  await t.test("they are listed", async () => {
    const rows = imageRows((await client.listImages({})).images).map(({ repository, tag }) => `${repository}:${tag}`);
    for (const name of ["docker.io/library/busybox:1.36", "docker.io/library/thing:v1", "localhost:5000/mine:dev"])
      assert.ok(rows.includes(name), name);
  });
  await t.test("what is no archive is refused in a sentence", async () => {
    writeFileSync(file, "nothing of the kind");
    await assert.rejects(load(file), (error) => error instanceof ImageLoadError && error.message.length > 10);
    await assert.rejects(load(join(containerd.dataDir, "missing.tar")), { code: "ENOENT" });
  });
});
