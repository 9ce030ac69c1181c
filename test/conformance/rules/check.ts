import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { expect, failure } from "../../support/conformance.ts";
import type { Call, HttpClient } from "../../support/http.ts";
import { changed } from "./change.ts";
import type { Cause, Change, JsonObject, KindRules, Refusal, Rule } from "./rule.ts";

/** Tries each rule of a kind: what keeps it is accepted, what breaks it is answered as told, to the letter. */
export function checkRules(rules: KindRules, client: () => HttpClient): void {
  describe(`rules of ${rules.kind || rules.path}.${rules.group}`, () => {
    test("the valid object is accepted", () => creates(client(), rules, {}));
    for (const rule of rules.create ?? []) {
      test(rule.says, () => checkCreate(client(), rules, rule));
    }
    for (const rule of rules.update ?? []) {
      test(`update: ${rule.says}`, () => checkChange(client(), rules, rule, ""));
    }
    for (const [subresource, list] of Object.entries(rules.subresources ?? {})) {
      for (const rule of list)
        test(`${subresource}: ${rule.says}`, () => checkChange(client(), rules, rule, subresource));
    }
  });
}

const list = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one]) as readonly T[];

async function checkCreate(client: HttpClient, rules: KindRules, rule: Rule): Promise<void> {
  for (const change of list<Change>(rule.accepts)) await creates(client, rules, change);
  for (const refusal of list<Refusal>(rule.refuses)) {
    const body = changed(rules.valid, refusal.change);
    await refuses(client, { method: "POST", path: `${rules.path}?dryRun=All`, body }, rules, body, refusal);
  }
}

async function creates(client: HttpClient, rules: KindRules, change: Change): Promise<void> {
  const body = changed(rules.valid, change);
  await expect(client, { method: "POST", path: `${rules.path}?dryRun=All`, body }, 201);
}

async function checkChange(client: HttpClient, rules: KindRules, rule: Rule, subresource: string): Promise<void> {
  const created = await store(client, rules, rule.stored ?? {}, rule.before);
  const made = rule.deleted ? await markDeleted(client, `${rules.path}/${nameOf(created)}`) : created;
  const stored = rules.shared === true ? changed(made, { "metadata.resourceVersion": undefined }) : made;
  const own = `${rules.path}/${nameOf(stored)}`;
  const path = `${own}${subresource === "" ? "" : `/${subresource}`}?dryRun=All`;
  const ofScale = subresource === "scale";
  const named = ofScale ? { ...rules, group: "autoscaling", kind: "Scale" } : rules;
  try {
    const shown = ofScale ? ((await expect(client, { path: `${own}/scale` }, 200)).json as JsonObject) : stored;
    for (const change of list<Change>(rule.accepts)) {
      await expect(client, { method: "PUT", path, body: changed(shown, change) }, 200);
    }
    for (const refusal of list<Refusal>(rule.refuses)) {
      const body = changed(shown, refusal.change);
      await refuses(client, { method: "PUT", path, body }, named, body, refusal);
    }
  } finally {
    await remove(client, own);
  }
}

/** Creates the object, and where a status or another subresource is told, puts that too. */
async function store(
  client: HttpClient,
  rules: KindRules,
  change: Change,
  before: Rule["before"],
): Promise<JsonObject> {
  const { status, ...body } = changed(rules.valid, change);
  const sent = (await expect(client, { method: "POST", path: rules.path, body }, 201)).json as JsonObject;
  const made = rules.isComplete === undefined ? sent : await completed(client, rules, rules.isComplete, nameOf(sent));
  const put = async (subresource: string, body: JsonObject): Promise<JsonObject> => {
    const path = `${rules.path}/${nameOf(made)}/${subresource}`;
    return (await expect(client, { method: "PUT", path, body }, 200)).json as JsonObject;
  };
  const told = status === undefined ? made : await put("status", { ...made, status });
  return before === undefined ? told : put(before.subresource, changed(told, before.change));
}

async function markDeleted(client: HttpClient, path: string): Promise<JsonObject> {
  await expect(client, { method: "DELETE", path }, 200);
  return (await expect(client, { path }, 200)).json as JsonObject;
}

async function completed(
  client: HttpClient,
  rules: KindRules,
  isComplete: (object: JsonObject) => boolean,
  name: string,
): Promise<JsonObject> {
  for (;;) {
    const object = (await expect(client, { path: `${rules.path}/${name}` }, 200)).json as JsonObject;
    if (isComplete(object)) return object;
    await setTimeout(5);
  }
}

async function remove(client: HttpClient, path: string): Promise<void> {
  const deleted = await client.call({
    method: "DELETE",
    path: `${path}?gracePeriodSeconds=0&propagationPolicy=Background`,
  });
  assert.ok(deleted.status === 200 || deleted.status === 202, deleted.text);
  const headers = { "content-type": "application/merge-patch+json" };
  const body = JSON.stringify({ metadata: { finalizers: null } });
  const left = await client.call({ method: "PATCH", path, headers, body });
  assert.ok(left.status === 200 || left.status === 404, left.text);
}

async function refuses(
  client: HttpClient,
  call: Call,
  rules: KindRules,
  body: JsonObject,
  { answer }: Refusal,
): Promise<void> {
  if ("matches" in answer) {
    const { json } = await expect(client, call, 422);
    assert.match((json as { readonly message: string }).message, answer.matches);
    return;
  }
  const status = "status" in answer ? answer.status : invalidStatus(rules, body, answer.causes);
  await expect(client, call, (status as { readonly code: number }).code, status);
}

function invalidStatus(
  { group, kind }: KindRules,
  body: JsonObject,
  told: readonly Cause[] | ((sent: JsonObject) => readonly Cause[]),
): object {
  const name = nameOf(body);
  const causes = typeof told === "function" ? told(body) : told;
  const subject = group === "" ? kind : `${kind}.${group}`;
  const messages = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const text = messages.length === 1 ? messages[0] : `[${messages.join(", ")}]`;
  return failure(422, "Invalid", `${subject} ${JSON.stringify(name)} is invalid: ${text}`, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    ...(kind === "" ? {} : { kind }),
    // As Go leaves out what is empty.
    causes: causes.map(({ field, ...rest }) => (field === "" ? rest : { ...rest, field })),
  });
}

function nameOf(object: JsonObject): string {
  return ((object["metadata"] as { readonly name?: string } | undefined)?.name as string) ?? "";
}
