import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { Lease } from "../../api/coordination/v1/lease.ts";
import { MemoryObjects } from "../../apiserver/registry/memory-objects.ts";
import { VirtualClock } from "../../base/mod.ts";
import { checksOfOthers, checksWithin, probe } from "./component-checks.ts";

const signal = new AbortController().signal;

test("what runs within the server is well", async () => {
  const all = await Promise.all(checksWithin.map(async ({ name, check }) => [name, await check(signal)]));
  const well = { status: "True", message: "ok" };
  assert.deepEqual(all, [
    ["controller-manager", well],
    ["scheduler", well],
  ]);
});

test("what runs elsewhere is well while it renews its lease, or says so itself", async () => {
  const objects = new MemoryObjects();
  const clock = new VirtualClock();
  const silent = { status: "False", message: "nobody there" } as const;
  const asked: string[] = [];
  const checks = checksOfOthers(
    () => objects,
    clock,
    (url) => {
      asked.push(url);
      return Promise.resolve(url.includes(":10257/") ? { status: "True", message: "fine" } : silent);
    },
  );
  const [manager, scheduler] = checks.map(
    ({ check }) =>
      () =>
        check(signal),
  );
  assert.deepEqual(await manager!(), { status: "True", message: "fine" });
  assert.deepEqual(await scheduler!(), silent);
  assert.deepEqual(asked, ["https://127.0.0.1:10257/healthz", "https://127.0.0.1:10259/healthz"]);
  const renewTime = new Date(clock.now()).toISOString();
  const lease = (spec: object): unknown =>
    objects.set(Lease, { metadata: { namespace: "kube-system", name: "kube-scheduler" }, spec });
  lease({ holderIdentity: "a", leaseDurationSeconds: 15, renewTime });
  assert.deepEqual(await scheduler!(), { status: "True", message: "ok" });
  await clock.advance(15_000);
  assert.deepEqual(await scheduler!(), silent);
  lease({ holderIdentity: "", leaseDurationSeconds: 60, renewTime });
  assert.deepEqual(await scheduler!(), silent);
});

test("nobody at a port is told as upstream tells it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const url = `https://127.0.0.1:${port}/healthz`;
  assert.deepEqual(await probe(url, signal), {
    status: "False",
    message: `Get "${url}": dial tcp 127.0.0.1:${port}: connect: connection refused`,
  });
});
