import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { Secret } from "../../api/core/v1/secret.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { CapturingLogger, SeededRandom, VirtualClock } from "../../base/mod.ts";
import { createClient, Informers } from "../../client/mod.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import { runControllers } from "../runner/run.ts";
import { legacyTokenCleaner } from "./controller.ts";

const hour = 3_600_000;
const day = 24 * hour;
const invalidSince = "kubernetes.io/legacy-token-invalid-since";
const lastUsed = "kubernetes.io/legacy-token-last-used";

/** Upstream's test/integration/serviceaccount/legacy_service_account_token_clean_up_test.go, with the same period of a day. */
test("tokens that were made by themselves, and that nobody uses, are refused and then deleted; no others", {
  timeout: 60_000,
}, async () => {
  const clock = new VirtualClock({ settleTurns: 1, startMs: Date.UTC(2026, 0, 1, 10) });
  const random = new SeededRandom(1);
  const api = new MemoryApi({ clock, random });
  const client = createClient(api);
  const logger = new CapturingLogger();
  const informers = new Informers({ client, clock, random, logger });
  const stop = new AbortController();
  const parts = { clientOf: () => client, informers, clock, random, logger };
  const running = runControllers(parts, [legacyTokenCleaner(day)], stop.signal);
  try {
    const secrets = client.resource(Secret, "default");
    const accounts = client.resource(ServiceAccount, "default");
    const account = await accounts.create({
      metadata: { name: "robot" },
      secrets: [{ name: "unused" }, { name: "mounted" }, { name: "once-used" }],
    });
    const annotations = {
      "kubernetes.io/service-account.name": "robot",
      "kubernetes.io/service-account.uid": account.metadata.uid!,
    };
    for (const name of ["unused", "mounted", "once-used", "manual"]) {
      await secrets.create({ metadata: { name, annotations }, type: "kubernetes.io/service-account-token" });
    }
    const use = { [lastUsed]: new Date(clock.now()).toISOString().slice(0, 10) };
    await secrets.patch("once-used", { type: "merge", body: { metadata: { labels: use } } });
    const pods = client.resource(Pod, "default");
    await pods.create({
      metadata: { name: "p" },
      spec: {
        containers: [{ name: "c", image: "i" }],
        volumes: [{ name: "v", secret: { secretName: "mounted" } }],
      },
    });
    const name = "kube-apiserver-legacy-service-account-token-tracking";
    await client.resource(ConfigMap, "kube-system").create({ metadata: { name }, data: { since: use[lastUsed]! } });
    const marked = async (): Promise<readonly string[]> => {
      const { items } = await secrets.list();
      return items.flatMap(({ metadata: { name, labels } }) => (labels?.[invalidSince] ? [name!] : [])).sort();
    };
    await clock.advance(23 * hour);
    assert.deepEqual(await marked(), []);
    await clock.advance(2 * day);
    assert.deepEqual(await marked(), ["once-used", "unused"]);
    // Whoever takes the mark away may go on using it, for another period.
    const today = { [invalidSince]: "", [lastUsed]: new Date(clock.now()).toISOString().slice(0, 10) };
    await secrets.patch("once-used", { type: "merge", body: { metadata: { labels: today } } });
    await clock.advance(day / 2);
    assert.deepEqual(await marked(), ["unused"]);
    await clock.advance(2 * day);
    await assert.rejects(secrets.get("unused"), isNotFound);
    assert.deepEqual(await marked(), ["once-used"]);
    await pods.delete("p");
    await clock.advance(5 * day);
    const { items } = await secrets.list();
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["manual"],
    );
  } finally {
    stop.abort();
    await clock.runUntil(running);
  }
  const failures = logger.records.filter(({ level }) => level === "error" || level === "warn");
  assert.deepEqual(failures, []);
});
