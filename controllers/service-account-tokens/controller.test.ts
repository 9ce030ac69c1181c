import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../api/core/v1/secret.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { TransportRequest } from "../../apimachinery/resource/transport.ts";
import { CapturingLogger, SeededRandom, VirtualClock } from "../../base/mod.ts";
import { type Client, createClient, Informers } from "../../client/mod.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import { runControllers } from "../runner/run.ts";
import { laggingTransport } from "../runner/testing/lagging-transport.ts";
import { serviceAccountTokenController } from "./controller.ts";
import { accountNameAnnotation, type TokenSubject, tokenSecretType } from "./plan.ts";

const timeout = 60_000;

interface World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly api: MemoryApi;
  readonly client: Client;
}

/** Runs the controller against a server whose news is old; nothing it logs may be an error. */
async function simulate(seed: number, script: (world: World) => Promise<void>): Promise<void> {
  const clock = new VirtualClock({ settleTurns: 1 });
  const random = new SeededRandom(seed);
  const api = new MemoryApi({ clock, random });
  const logger = new CapturingLogger();
  const far = createClient(laggingTransport(api, { clock, random, watchMs: 80, requestMs: 5 }));
  const informers = new Informers({ client: far, clock, random, logger });
  const controller = serviceAccountTokenController({ rootCa: "PEM", signToken: (subject) => JSON.stringify(subject) });
  const stop = new AbortController();
  const running = runControllers({ clientOf: () => far, informers, clock, random, logger }, [controller], stop.signal);
  try {
    await script({ clock, random, api, client: createClient(api) });
  } finally {
    stop.abort();
    await clock.runUntil(running);
  }
  const errors = logger.records.filter(({ level }) => level === "error");
  assert.deepEqual(errors, [], `seed ${seed}`);
}

const makeSecret = (client: Client, name: string, account: string): Promise<Secret> => {
  const metadata = { name, annotations: { [accountNameAnnotation]: account } };
  return client.resource(Secret, "n").create({ metadata, type: tokenSecretType });
};

const subjectOf = ({ data }: Secret): TokenSubject =>
  JSON.parse(Buffer.from(data?.["token"] ?? "", "base64").toString()) as TokenSubject;

const isWrite = ({ method }: TransportRequest): boolean => method !== "GET";
/** In the simulation all others are the test's. */
const isOfController = ({ method, path }: TransportRequest): boolean =>
  method === "PUT" || (method === "DELETE" && path.includes("/secrets/"));

test("no secret of an account that is there is ever deleted, and none of another one stays", { timeout }, async () => {
  for (let seed = 1; seed <= 30; seed++) {
    await simulate(seed, async ({ clock, random, api, client }) => {
      const accounts = client.resource(ServiceAccount, "n");
      const living = new Map<string, string>();
      /** The uid of the account that there was when a secret was made for it. */
      const madeFor = new Map<string, string>();
      for (let step = 0; step < 40; step++) {
        const name = `a${random.below(3)}`;
        const change = random.below(4);
        if (living.has(name) && change < 2) {
          await accounts.delete(name);
          living.delete(name);
        }
        if (!living.has(name) && change > 0) {
          const { metadata } = await accounts.create({ metadata: { name } });
          living.set(name, metadata.uid!);
        }
        // Few enough that news of secrets is often ahead of that of accounts.
        if (random.below(3) === 0) {
          await makeSecret(client, `s${step}`, name);
          if (living.has(name)) madeFor.set(`s${step}`, living.get(name)!);
        }
        if (random.below(10) === 0) api.endWatches();
        if (random.below(10) === 0) api.failNext(() => ApiError.internal(new Error("chance")), isOfController);
        await clock.advance(random.below(60));
      }
      await clock.advance(120_000);
      const { items } = await client.resource(Secret, "n").list();
      const left = new Set(items.map(({ metadata }) => metadata.name));
      const uids = new Set(living.values());
      for (const [secret, uid] of madeFor) if (uids.has(uid)) assert.ok(left.has(secret), `seed ${seed}: ${secret}`);
      for (const secret of items) {
        const { serviceAccountName, serviceAccountUid, secretName } = subjectOf(secret);
        assert.equal(living.get(serviceAccountName), serviceAccountUid, `seed ${seed}`);
        assert.equal(secretName, secret.metadata.name, `seed ${seed}`);
      }
    });
  }
});

test("only secrets of the type are followed, and one write fills each", { timeout }, async () => {
  await simulate(1, async ({ clock, api, client }) => {
    await client.resource(ServiceAccount, "n").create({ metadata: { name: "a" } });
    await makeSecret(client, "s", "a");
    await clock.advance(10_000);
    const writes = api.requests.filter(isWrite).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(writes.slice(2), ["PUT /api/v1/namespaces/n/secrets/s"]);
    const reads = api.requests.filter(({ path }) => path === "/api/v1/secrets");
    assert.deepEqual(
      new Set(reads.map(({ query }) => query?.get("fieldSelector"))),
      new Set([`type=${tokenSecretType}`]),
    );
  });
});
