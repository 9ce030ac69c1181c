import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import { silentLogger } from "../base/logger.ts";
import { realClock } from "../base/real-clock.ts";
import { SeededRandom } from "../base/seeded-random.ts";
import { createClient } from "./client.ts";
import { createHttpTransport } from "./http-transport.ts";
import { Informer } from "./informer.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import { serve } from "./testing/serve.ts";

interface Thing extends ApiObject {
  readonly value?: number;
}
const things = { group: "example.com", version: "v1", kind: "Thing", plural: "things", scope: "Namespaced" } as const;

for (const protocol of ["https", "h2"] as const) {
  test(`an informer over ${protocol} comes through cut connections and GOAWAYs, in order and without loss`, {
    timeout: 30_000,
  }, async () => {
    const random = new SeededRandom(protocol);
    const api = new MemoryApi({ clock: realClock, random });
    const served = await serve(api, { protocol });
    const transport = createHttpTransport({ server: served.url, ca: served.ca }, { clock: realClock });
    const client = createClient(transport).resource<Thing>(things);
    const informer = new Informer<Thing>({
      client,
      clock: realClock,
      random,
      logger: silentLogger,
      initialBackoffMs: 5,
    });
    const values = new Map<string, number>();
    informer.addHandler({
      add: (object) => values.set(object.metadata.uid ?? "", object.value ?? 0),
      update(object, old) {
        assert.ok((object.value ?? 0) > (old.value ?? 0));
        values.set(object.metadata.uid ?? "", object.value ?? 0);
      },
      delete: (object) => assert.ok(values.delete(object.metadata.uid ?? "")),
    });
    const controller = new AbortController();
    const run = informer.run(controller.signal);
    const direct = createClient(api).resource<Thing>(things, "default");
    for (let value = 1; value <= 200; value++) {
      const name = `n${random.below(10)}`;
      if (random.below(4) === 0) await direct.delete(name).catch(() => {});
      else await direct.apply({ metadata: { name }, value });
      if (value % 20 === 0) for (const socket of served.sockets) socket.destroy();
      else if (value % 7 === 0) for (const session of served.sessions) session.goaway();
      await realClock.sleep(1);
    }
    await informer.reached(String(api.revision));
    const there = (await direct.list()).items;
    const byName = (objects: readonly Thing[]) =>
      [...objects].sort((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));
    assert.deepEqual(byName(informer.cache.list()), byName(there));
    assert.deepEqual(new Map(there.map((item) => [item.metadata.uid, item.value])), values);
    controller.abort();
    await run;
    await transport.close();
    await served.stop();
  });
}
