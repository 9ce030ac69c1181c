import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { Client } from "../client/mod.ts";
import { type Cluster, startCluster } from "./cluster.ts";

interface Labelled extends ApiObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Names and labels at one revision. */
type State = ReadonlyMap<string, string>;

interface Written {
  readonly revision: number;
  readonly state: State;
}

const namespace = "laws";
const maps = (client: Client) => client.resource<Labelled>(ConfigMap as never, namespace);

const operation = fc.record({
  name: fc.constantFrom("a", "b", "c", "d", "e"),
  do: fc.constantFrom("put", "put", "put", "delete"),
  label: fc.constantFrom("x", "y"),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

let counter = 0;

/** Does one operation and says what the whole state is after it; the state before where nothing changed. */
async function write(client: Client, before: Written, { name, do: what, label }: Operation): Promise<Written> {
  const all = maps(client);
  const state = new Map(before.state);
  if (what === "delete") {
    if (!state.delete(name)) {
      return before;
    }
    await all.delete(name);
  } else {
    const object = { metadata: { name, labels: { is: label } }, data: { n: String(++counter) } };
    await (state.has(name) ? all.update(object) : all.create(object));
    state.set(name, label);
  }
  const { metadata } = await all.list({ limit: 1 });
  return { revision: Number(metadata.resourceVersion), state };
}

async function writeAll(cluster: Cluster, operations: readonly Operation[]): Promise<Written[]> {
  const all = maps(cluster.client);
  await all.deleteCollection();
  const { metadata } = await all.list();
  const history: Written[] = [{ revision: Number(metadata.resourceVersion), state: new Map() }];
  for (const one of operations) {
    history.push(await write(cluster.client, history.at(-1)!, one));
  }
  return history;
}

const stateOf = (items: readonly Labelled[]): [string, string][] =>
  items.map(({ metadata }) => [metadata.name ?? "", metadata.labels?.["is"] ?? ""]);
const sorted = (state: State): [string, string][] => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

test("any revision is listed as it was, and a watch from it tells exactly what came after", async () => {
  const cluster = await startCluster();
  try {
    await cluster.client.transport.request({
      method: "POST",
      path: "/api/v1/namespaces",
      body: { metadata: { name: namespace } },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 15 }), fc.nat(), async (operations, at) => {
        const history = await writeAll(cluster, operations);
        const from = history[at % history.length]!;
        const resourceVersion = String(from.revision);
        const exact = await maps(cluster.client).list({ resourceVersion, resourceVersionMatch: "Exact" });
        assert.deepEqual(stateOf(exact.items), sorted(from.state));
        await checkWatch(cluster, from, history.at(-1)!, "");
        await checkWatch(cluster, from, history.at(-1)!, "x");
      }),
      { numRuns: 60 },
    );
  } finally {
    await cluster.close();
  }
});

/** The state at `from`, with the events of a watch from there applied, is the state at the end; every event follows from it. */
async function checkWatch(cluster: Cluster, from: Written, end: Written, label: string): Promise<void> {
  const all = maps(cluster.client);
  const wanted = (state: State): [string, string][] => sorted(state).filter(([, is]) => label === "" || is === label);
  const state = new Map(wanted(from.state));
  const stop = new AbortController();
  // The mark is one more change that both selections see; behind it there is nothing left to come.
  await all.create({ metadata: { name: "mark", labels: { is: label === "" ? "z" : label } } });
  const options = { resourceVersion: String(from.revision), signal: stop.signal };
  for await (const event of all.watch(label === "" ? options : { ...options, labelSelector: `is=${label}` })) {
    assert.notEqual(event.type, "BOOKMARK");
    const { name = "", labels } = (event.object as Labelled).metadata;
    if (name === "mark") {
      stop.abort();
      break;
    }
    assert.equal(state.has(name), event.type !== "ADDED", `${event.type} ${name}`);
    if (event.type === "DELETED") {
      state.delete(name);
    } else {
      state.set(name, labels?.["is"] ?? "");
    }
  }
  assert.deepEqual(sorted(state), wanted(end.state));
  await all.delete("mark");
}

test("pages are one state, whatever is written between them and however small they are", async () => {
  const cluster = await startCluster();
  try {
    await cluster.client.transport.request({
      method: "POST",
      path: "/api/v1/namespaces",
      body: { metadata: { name: namespace } },
    });
    const some = fc.array(operation, { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(
        some,
        some,
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (first, between, limit, select) => {
          let last = (await writeAll(cluster, first)).at(-1)!;
          const { state } = last;
          const found: [string, string][] = [];
          const waiting = [...between];
          let continueToken = "";
          do {
            const options = {
              limit,
              ...(select ? { labelSelector: "is=x" } : {}),
              ...(continueToken === "" ? {} : { continue: continueToken }),
            };
            const page = await maps(cluster.client).list(options);
            assert.ok(page.items.length <= limit);
            found.push(...stateOf(page.items));
            continueToken = page.metadata.continue ?? "";
            if (!select && continueToken !== "") {
              assert.equal(page.metadata.remainingItemCount, state.size - found.length);
            }
            const next = waiting.shift();
            if (next !== undefined) {
              last = await write(cluster.client, last, next);
            }
          } while (continueToken !== "");
          assert.deepEqual(
            found,
            sorted(state).filter(([, is]) => !select || is === "x"),
          );
        },
      ),
      { numRuns: 60 },
    );
  } finally {
    await cluster.close();
  }
});
