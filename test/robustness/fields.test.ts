import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { areas, prepare } from "../conformance/rules/all.ts";
import { changed } from "../conformance/rules/change.ts";
import type { Change, Json, JsonObject, KindRules } from "../conformance/rules/rule.ts";
import { cases, within } from "../support/fuzz.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { startHttpsServer } from "../support/https-server.ts";

type Key = string | number;

/** An object of a kind, as the rules of validation have it, and a place in it. */
interface Target {
  readonly rules: KindRules;
  readonly object: JsonObject;
  readonly keys: readonly Key[];
}

const values: readonly Json[] = [null, "", "x", {}, [], [null], [""], [{}], true, 0, -1, 1.5, 2 ** 31];
const listOf = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one]) as readonly T[];

/** Every place of the objects of a kind, once: items of a list are alike. */
function targetsOf(rules: KindRules): readonly Target[] {
  const changes: readonly Change[] = (rules.create ?? []).flatMap(({ accepts, refuses }) => [
    ...listOf<Change>(accepts),
    ...listOf(refuses).map(({ change }) => change),
  ]);
  const targets = new Map<string, Target>();
  for (const change of [{}, ...changes]) {
    const object = changed(rules.valid, change);
    for (const keys of placesOf(object)) {
      const place = keys.map((key) => (typeof key === "number" ? "[]" : key)).join(".");
      if (!targets.has(place)) targets.set(place, { rules, object, keys });
    }
  }
  return [...targets.values()];
}

function* placesOf(value: Json, keys: readonly Key[] = []): Generator<readonly Key[]> {
  if (keys.length > 0) yield keys;
  if (typeof value !== "object" || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    yield* placesOf(one as Json, [...keys, Array.isArray(value) ? Number(key) : key]);
  }
}

function replaced(object: JsonObject, keys: readonly Key[], value: Json): JsonObject {
  const copy = JSON.parse(JSON.stringify(object)) as JsonObject;
  let node = copy as unknown as Record<Key, unknown>;
  for (const key of keys.slice(0, -1)) node = node[key] as Record<Key, unknown>;
  node[keys.at(-1)!] = value;
  return copy;
}

let https: Awaited<ReturnType<typeof startHttpsServer>>;
let client: HttpClient;
before(async () => {
  https = await startHttpsServer();
  client = clientOf.h2(https.port, https.admin);
  await prepare(client);
});
after(async () => {
  client.close();
  await https.close();
});

test(
  "any value at any place of an object is taken or refused, and never a failure of the server",
  within(120_000),
  async () => {
    const targets = areas.flatMap(({ kinds }) => kinds).flatMap(targetsOf);
    const tried = fc.tuple(fc.constantFrom(...targets), fc.constantFrom(...values));
    await fc.assert(
      fc.asyncProperty(tried, async ([{ rules, object, keys }, value]) => {
        const body = replaced(object, keys, value);
        const answer = await client.call({ method: "POST", path: `${rules.path}?dryRun=All`, body });
        assert.ok(answer.status < 500, answer.text);
      }),
      cases(2_000),
    );
  },
);
