import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expect, seen } from "../support/conformance.ts";
import { definitionOf, definitionsPath, establish } from "../support/custom-resources.ts";
import { type Answer, clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

// Upstream's rules of custom resources: test/integration/apiserver/crd_validation_expressions_test.go, max_json_patch_operations_test.go.

const object = { type: "object" };
const integer = { type: "integer", default: 0 };
const rules = (rule: string, more: object = {}): object => ({ "x-kubernetes-validations": [{ rule, ...more }] });
const struct = (properties: object, more: object = {}): object => ({ ...object, properties, ...more });
const keyed = (...keys: string[]): object => ({
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});
const messageOf = ({ json }: Answer): string => (json as { message: string }).message;
const skipped =
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

const sum = "self.spec.x + self.spec.y >= (has(self.status) ? self.status.z : 0)";
const entry = { type: "string", maxLength: 200 };
/** `bounds`: of what blocks rules where it is exceeded. */
const spec = (bounds: { extra?: object; floats?: object; required?: string[]; entry?: object } = {}): object =>
  struct({
    x: integer,
    y: integer,
    extra: { type: "string", ...bounds.extra, ...rules("self.startsWith('anything')") },
    floatMap: {
      ...object,
      ...bounds.floats,
      additionalProperties: { type: "number" },
      ...rules("self.all(k, self[k] >= 0.2)"),
    },
    assocList: {
      type: "array",
      maxItems: 100,
      items: struct({ k: bounds.entry ?? entry, v: bounds.entry ?? entry }, { required: bounds.required ?? ["k"] }),
      ...keyed("k"),
      ...rules("self.exists(e, e.k == 'a' && e.v == '1')"),
    },
    limit: {
      nullable: true,
      "x-kubernetes-int-or-string": true,
      ...rules("type(self) == int && self == 123"),
    },
  });
const blockable = { type: "string" };
const bounded = {
  extra: { maxLength: 200 },
  floats: { maxProperties: 100 },
  required: ["k", "v"],
  entry: blockable,
};

describe("rules of custom resources, as upstream's integration tests have them", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  before(async () => {
    https = await startHttpsServer();
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin?.close();
    await https?.close();
  });

  const definition = (kind: string, properties: object, more: object = {}): object =>
    definitionOf(kind, [{ name: "v1", schema: { properties, ...more }, subresources: { status: {} } }], {
      scope: "Cluster",
    });
  const define = (kind: string, properties: object, more: object = {}): Promise<string> =>
    establish(admin, definition(kind, properties, more));
  const sent = (kind: string, name: string, fields: object): object => ({
    apiVersion: "example.com/v1",
    kind,
    metadata: { name },
    ...fields,
  });
  const create = (path: string, kind: string, name: string, fields: object): Promise<Answer> =>
    admin.call({ method: "POST", path, body: sent(kind, name, fields) });
  const change = async (path: string, fields: object): Promise<Answer> => {
    const live = seen(await expect(admin, { path: path.replace(/\/status$/, "") }, 200));
    return admin.call({ method: "PUT", path, body: { ...live, ...fields } });
  };
  const refusedBy = (answer: Answer, text: string): void => {
    assert.equal(answer.status, 422, answer.text);
    assert.ok(messageOf(answer).includes(text), messageOf(answer));
  };

  test("data has to be valid when it is created, changed, and when its status is", async () => {
    const path = await define("Structural", { spec: spec(), status: struct({ z: integer }) }, rules(sum));
    assert.equal((await create(path, "Structural", "a", { spec: { x: 2, y: 2, limit: 123 } })).status, 201);
    refusedBy(await create(path, "Structural", "b", { spec: { x: -1, y: 0 } }), `failed rule: ${sum}`);
    const good = {
      x: 2,
      y: 2,
      extra: "anything?",
      floatMap: { key1: 0.2, key2: 0.3 },
      assocList: [{ k: "a", v: "1" }],
      limit: null,
    };
    const made = await create(path, "Structural", "b", { spec: good });
    assert.equal(made.status, 201, made.text);
    const wrong = [
      { x: 3, y: -4 },
      { extra: "something" },
      { floatMap: { key1: 0.1, key2: 0.2 } },
      { assocList: [{ k: "a", v: "2" }] },
    ];
    for (const one of wrong) refusedBy(await change(`${path}/b`, { spec: one }), "failed rule");
    refusedBy(await change(`${path}/b/status`, { status: { z: 5 } }), `failed rule: ${sum}`);
    assert.equal((await change(`${path}/b/status`, { status: { z: 3 } })).status, 200);
  });

  test("rules are not asked of what is wrong otherwise", async () => {
    const words = "self.spec.x + self.spec.y must be greater than or equal to 0";
    const said = rules(sum, { messageExpression: `"${words}"` });
    const path = await define("Blocking", { spec: spec(bounded), status: struct({ z: integer }) }, said);
    assert.equal((await create(path, "Blocking", "a", { spec: { x: 2, y: 2, limit: 123 } })).status, 201);
    refusedBy(await create(path, "Blocking", "b", { spec: { x: -1, y: 0 } }), words);
    const numbers = Array.from({ length: 101 }, (_, i) => i + 1);
    const blocking = [
      { extra: "x".repeat(201) },
      { assocList: numbers.map((i) => ({ k: "a", v: `${i}` })) },
      { floatMap: Object.fromEntries(numbers.map((i) => [`key${i}`, i / 10])) },
      { assocList: [{ k: "1" }] },
      { assocList: [{ k: "a", v: true }] },
    ];
    for (const one of blocking) {
      refusedBy(await create(path, "Blocking", "b", { spec: { x: 2, y: 2, limit: null, ...one } }), skipped);
    }
  });

  test("of metadata a rule sees the name and nothing else", async () => {
    const metadata = struct({ name: { type: "string" } });
    const parts = { metadata, spec: struct({}), status: struct({}) };
    const wrong = definition("Labelled", parts, rules("self.metadata.labels.size() > 0"));
    const refused = await admin.call({ method: "POST", path: definitionsPath, body: wrong });
    refusedBy(refused, "undefined field 'labels'");
    await define("Named", parts, rules("self.metadata.name.size() > 3"));
    const empty = { spec: object, status: { ...object, additionalProperties: true } };
    await define("Empty", empty, rules("[has(self.spec), has(self.status)].exists_one(x, x)"));
  });

  test("a rule may cost no more than it may", async () => {
    const list = {
      type: "array",
      maxItems: 725,
      items: { type: "integer" },
      ...rules("self.all(x, self.all(y, x == y))"),
    };
    const path = await define("Costly", { spec: struct({ list }), status: struct({}) });
    const many = { spec: { list: Array.from({ length: 725 }, () => 20) } };
    refusedBy(await create(path, "Costly", "a", many), "call cost exceeds limit");
  });

  test("rules of a change see what was there, where that can be told", async () => {
    const text = { type: "string" };
    const kept = "self.someImmutableThing == oldSelf.someImmutableThing";
    const changing = struct({ someImmutableThing: text, somethingElse: text }, rules(kept));
    const path = await define("Changing", { spec: changing, status: struct({}) });
    const original = { someImmutableThing: "original", somethingElse: "original" };
    await create(path, "Changing", "a", { spec: original });
    assert.equal((await change(`${path}/a`, { spec: { ...original, somethingElse: "new" } })).status, 200);
    refusedBy(await change(`${path}/a`, { spec: { ...original, someImmutableThing: "new" } }), `failed rule: ${kept}`);
    const items = { type: "string", ...rules("self == oldSelf") };
    const uncorrelated = definition("Uncorrelated", { spec: struct({ list: { type: "array", items } }) });
    refusedBy(
      await admin.call({ method: "POST", path: definitionsPath, body: uncorrelated }),
      "oldSelf cannot be used on the uncorrelatable portion of the schema",
    );
    const item = struct(
      { k1: text, k2: { ...text, default: "DEFAULT" }, v: { ...text, maxLength: 200 } },
      { required: ["k1"], ...rules("self.v == oldSelf.v") },
    );
    const list = { type: "array", maxItems: 1000, items: item, ...keyed("k1", "k2") };
    const keyedPath = await define("Keyed", { spec: struct({ list }), status: struct({}) });
    await create(keyedPath, "Keyed", "a", { spec: { list: [{ k1: "x", v: "value" }] } });
    refusedBy(
      await change(`${keyedPath}/a`, { spec: { list: [{ k1: "x", k2: "DEFAULT", v: "new value" }] } }),
      "failed rule: self.v == oldSelf.v",
    );
  });

  test("a schema that cannot be made a type is told when an object is written", async () => {
    const backend = (type: string): object => ({
      type,
      maxItems: 100,
      items: struct(
        { replicas: { type: "integer" } },
        { required: ["replicas"], ...rules("0 <= self.replicas && self.replicas <= 10") },
      ),
    });
    const path = await define("Spoiled", { spec: struct({ backend: backend("array") }) });
    await create(path, "Spoiled", "a", { spec: { backend: [{ replicas: 8 }] } });
    const at = `${definitionsPath}/spoileds.example.com`;
    const live = seen(await expect(admin, { path: at }, 200));
    const { spec: changed } = definition("Spoiled", { spec: struct({ backend: backend("object") }) }) as {
      spec: object;
    };
    await expect(admin, { method: "PUT", path: at, body: { ...live, spec: { ...live.spec, ...changed } } }, 200);
    const object = seen(await expect(admin, { path: `${path}/a` }, 200));
    const labelled = { ...object, metadata: { ...object.metadata, labels: { key: "value" } } };
    refusedBy(
      await admin.call({ method: "PUT", path: `${path}/a`, body: labelled }),
      "rule compiler initialization error: failed to convert to declType for CEL validation rules",
    );
    refusedBy(
      await create(path, "Spoiled", "b", { spec: { backend: [{ replicas: 7 }] } }),
      'Invalid value: "array": spec.backend in body must be of type object: "array"',
    );
  });

  test("what was wrong before and has not changed is let be, with a warning", async () => {
    const foo = (more: object) => ({ spec: struct({ foo: { type: "string", ...more }, bar: { type: "string" } }) });
    const path = await define("Wrong", foo({}));
    await create(path, "Wrong", "a", { spec: { foo: "baz" } });
    const at = `${definitionsPath}/wrongs.example.com`;
    const live = seen(await expect(admin, { path: at }, 200));
    const ruled = definition("Wrong", foo(rules("self == 'bar'", { message: "gotta be bar" }))) as { spec: object };
    await expect(admin, { method: "PUT", path: at, body: { ...live, spec: { ...live.spec, ...ruled.spec } } }, 200);
    const changed = await change(`${path}/a`, { spec: { foo: "baz", bar: "new" } });
    assert.equal(changed.status, 200, changed.text);
    assert.equal(changed.headers["warning"], '299 - "spec.foo: Invalid value: \\"baz\\": gotta be bar"');
    refusedBy(await change(`${path}/a`, { spec: { foo: "qux" } }), 'spec.foo: Invalid value: "qux": gotta be bar');
  });

  test("fields of an atomic map are told apart across a change", async () => {
    const atomic = struct(
      { kept: { type: "string", ...rules("self == oldSelf") } },
      { "x-kubernetes-map-type": "atomic" },
    );
    const path = await define("Atomic", { spec: atomic });
    await create(path, "Atomic", "a", { spec: { kept: "a" } });
    refusedBy(await change(`${path}/a`, { spec: { kept: "b" } }), "failed rule: self == oldSelf");
  });

  test("a JSON patch has ten thousand operations at most", async () => {
    const path = "/api/v1/namespaces/default/secrets";
    await expect(admin, { method: "POST", path, body: { metadata: { name: "test" } } }, 201);
    const body = JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: "add", path: "/x", value: "y" })));
    const headers = { "content-type": "application/json-patch+json" };
    const answer = await admin.call({ method: "PATCH", path: `${path}/test`, headers, body });
    assert.deepEqual(
      [answer.status, messageOf(answer)],
      [413, "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"],
    );
  });
});
