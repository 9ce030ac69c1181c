import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { firstFreePort, isPortTaken } from "./ports.ts";

test("a port is taken while somebody listens on it, and the next free one is found", async () => {
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.equal(await isPortTaken(port), true);
  assert.equal(await isPortTaken(port, "127.0.0.1"), true);
  assert.notEqual(await firstFreePort(port), port);
  server.close();
  await once(server, "close");
  assert.equal(await isPortTaken(port), false);
});

test("an address that is none of this machine's has no listeners", async () => {
  assert.equal(await isPortTaken(53, "198.51.100.1"), false);
});
