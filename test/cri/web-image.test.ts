import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { realClock } from "../../base/mod.ts";
import { execSync, loadImages } from "../../cri/mod.ts";
import { eventually } from "../support/eventually.ts";
import { webImage } from "../support/images/busybox.ts";
import { dockerArchive } from "../support/images/image.ts";
import { runContainer, startRuntime, whyNot } from "./containers.ts";

const fetching =
  "fetch(process.argv[1], { signal: AbortSignal.timeout(2000) }).then(async (r) => process.stdout.write(await r.text()))";

test("the web image answers with its host's name, its files and its scripts", {
  skip: whyNot() ?? false,
  timeout: 120_000,
}, async (t) => {
  const runtime = await startRuntime(t);
  const { client, containerd, namespace } = runtime;
  const images = [
    { image: await webImage({ port: 8080 }), names: ["docker.io/library/hostname:1"] },
    { image: await webImage({ index: "hello\n" }), names: ["docker.io/library/nginx:1.25"] },
  ];
  const archive = Readable.from([await dockerArchive(images)]);
  await loadImages({ clock: realClock, socketPath: containerd.socket, images: client, archive });
  const get = (url: string) => eventually(() => namespace.run(process.execPath, "-e", fetching, url));

  const named = await runContainer(runtime, { name: "web-0", image: "hostname:1" });
  const ip = async (podSandboxId: string) => (await client.podSandboxStatus({ podSandboxId })).status!.network!.ip;
  const url = `http://${await ip(named.sandboxId)}:8080`;
  assert.equal(await get(`${url}/`), "web-0\n");
  assert.equal(await get(`${url}/cgi-bin/hostname`), "web-0\n");
  assert.equal(await get(`${url}/cgi-bin/client`), "10.244.0.1\n");
  assert.match(await get(`${url}/cgi-bin/env?a=b`), /^QUERY_STRING=a=b$/m);

  const files = await runContainer(runtime, { name: "files", image: "nginx:1.25" });
  assert.equal(await get(`http://${await ip(files.sandboxId)}/`), "hello\n");
  const command = ["sh", "-c", "id -un; ls -ld /tmp | cut -c1-10; env | grep PATH="];
  const result = await execSync({ runtime: client, containerId: files.containerId, command, timeoutSeconds: 10 });
  assert.ok(result.kind === "exited");
  assert.equal(
    Buffer.from(result.stdout).toString(),
    "root\ndrwxrwxrwt\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
  );
  const startedMs = performance.now();
  await client.stopContainer({ containerId: files.containerId, timeout: 30 });
  assert.ok(performance.now() - startedMs < 10_000, "it does not sit out its grace");
});
