import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, create, expect, failure, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import type { Answer, HttpClient } from "../support/http.ts";

// Behaviour: KEP-2885, test/integration/apiserver (patch, max_json_patch_operations, apiserver), apimachinery's
// strategicpatch, RFC 6902 and RFC 7386, in requests of our own.

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const secrets = "/api/v1/namespaces/default/secrets";

type PatchType = "json-patch" | "merge-patch" | "strategic-merge-patch";

function patch(
  client: HttpClient,
  path: string,
  type: PatchType,
  body: unknown,
  code = 200,
  answer?: object,
): Promise<Answer> {
  const headers = { "content-type": `application/${type}+json` };
  const call = { method: "PATCH", path, headers, body: typeof body === "string" ? body : JSON.stringify(body) };
  return expect(client, call, code, answer);
}

const deployment = (name: string, containers: readonly object[], more: object = {}) => ({
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers, ...more } },
  },
});
type PodSpec = Record<string, unknown> & { containers: (Record<string, unknown> & { name: string })[] };
const podOf = (answer: Answer): PodSpec => (seen(answer).spec as { template: { spec: PodSpec } }).template.spec;
const template = (spec: object) => ({ spec: { template: { spec } } });

onBothProtocols("patches", (subject) => {
  test("JSON patch adds, removes, replaces, moves, copies and tests", async () => {
    const { admin } = subject();
    await create(admin, "operations", { data: { a: "1", b: "2" } });
    const answer = await patch(admin, `${configMaps}/operations`, "json-patch", [
      { op: "test", path: "/data/a", value: "1" },
      { op: "add", path: "/data/c~1d", value: "3" },
      { op: "move", from: "/data/b", path: "/data/e" },
      { op: "copy", from: "/data/a", path: "/data/f" },
      { op: "replace", path: "/data/a", value: "0" },
      { op: "remove", path: "/data/c~1d" },
      { op: "add", path: "/metadata/finalizers", value: ["x.io/a"] },
      { op: "add", path: "/metadata/finalizers/-", value: "x.io/c" },
      { op: "add", path: "/metadata/finalizers/1", value: "x.io/b" },
    ]);
    assert.deepEqual(seen(answer).data, { a: "0", e: "2", f: "1" });
    assert.deepEqual(seen(answer).metadata.finalizers, ["x.io/a", "x.io/b", "x.io/c"]);
  });

  test("a JSON patch is applied whole or not at all", async () => {
    const { admin } = subject();
    const before = await create(admin, "whole", { data: { a: "1" } });
    const path = `${configMaps}/whole`;
    const failing = [
      { op: "add", path: "/data/b", value: "2" },
      { op: "test", path: "/data/a", value: "other" },
    ];
    const refusal = failure(422, "Invalid", "the server rejected our request due to an error in our request", {});
    await patch(admin, path, "json-patch", failing, 422, refusal);
    await patch(admin, path, "json-patch", [{ op: "remove", path: "/data/none" }], 422, refusal);
    assert.deepEqual((await expect(admin, { path }, 200)).json, before);
  });

  test("a JSON patch has ten thousand operations at most", async () => {
    const { admin } = subject();
    await create(admin, "operated");
    const operations = (count: number) => Array(count).fill({ op: "add", path: "/data", value: {} });
    const path = `${configMaps}/operated`;
    await patch(admin, path, "json-patch", operations(10_000));
    const answer = await patch(admin, path, "json-patch", operations(10_001), 413);
    assert.equal(
      seen(answer).message,
      "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
  });

  test("merge patch replaces lists and removes what is null", async () => {
    const { admin } = subject();
    const containers = [
      { name: "a", image: "a" },
      { name: "b", image: "b" },
    ];
    await expect(admin, { method: "POST", path: deployments, body: deployment("merged", containers) }, 201);
    const path = `${deployments}/merged`;
    const one = podOf(await patch(admin, path, "merge-patch", template({ containers: [{ name: "c", image: "c" }] })));
    assert.deepEqual(
      one.containers.map(({ name }) => name),
      ["c"],
    );
    await patch(admin, path, "merge-patch", { metadata: { annotations: { a: "1", b: "2" } } });
    const left = await patch(admin, path, "merge-patch", { metadata: { annotations: { a: null } } });
    assert.deepEqual(seen(left).metadata.annotations, { b: "2" });
  });

  test("what a patch makes of an object has to be of its type", async () => {
    const { admin } = subject();
    await expect(
      admin,
      { method: "POST", path: deployments, body: deployment("typed", [{ name: "c", image: "i" }]) },
      201,
    );
    const body = { metadata: { annotations: { foo: ["bar"] } } };
    for (const type of ["merge-patch", "strategic-merge-patch"] as const) {
      const answer = seen(await patch(admin, `${deployments}/typed`, type, body, 422));
      assert.deepEqual([answer.kind, (answer as unknown as { reason: string }).reason], ["Status", "Invalid"]);
    }
  });

  test("a patch may not make another kind of an object; what a strategic one says of it counts for nothing", async () => {
    const { admin } = subject();
    const at = `${deployments}/kept`;
    await expect(
      admin,
      { method: "POST", path: deployments, body: deployment("kept", [{ name: "c", image: "i" }]) },
      201,
    );
    for (const [body, problem] of [
      [
        { kind: "Pot" },
        'no kind "Pot" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
      ],
      [{ kind: "DaemonSet" }, "converting (v1.DaemonSet) to (apps.Deployment): unknown conversion"],
    ] as const) {
      const { message = "" } = seen(await patch(admin, at, "merge-patch", body, 422));
      assert.ok(
        message.startsWith(' "" is invalid: patch: Invalid value: "{') && message.endsWith(`}": ${problem}`),
        message,
      );
      assert.equal(seen(await patch(admin, at, "strategic-merge-patch", body)).kind, "Deployment");
    }
    const older = seen(await patch(admin, at, "merge-patch", { apiVersion: "apps/v1beta2" }));
    assert.equal(older.apiVersion, "apps/v1");
  });

  test("what a strategic merge patch makes is refused in the converter's words, which name no field", async () => {
    const { admin } = subject();
    await create(admin, "converted");
    const body = deployment("converted", [{ name: "a", image: "i" }]);
    await expect(admin, { method: "POST", path: deployments, body }, 201);
    const refused = (shown: string, problem: string) => {
      const detail = `Invalid value: "${shown}": ${problem}`;
      return failure(422, "Invalid", ` "" is invalid: patch: ${detail}`, {
        causes: [{ reason: "FieldValueInvalid", message: detail, field: "patch" }],
      });
    };
    for (const [path, body, shown, problem] of [
      [
        `${configMaps}/converted`,
        { metadata: { labels: "x" } },
        "map[metadata:map[labels:x]]",
        "cannot restore map from string",
      ],
      [`${configMaps}/converted`, { data: { a: 1 } }, "map[data:map[a:1]]", "cannot convert int64 to string"],
      [`${deployments}/converted`, { spec: "x" }, "map[spec:x]", "cannot restore struct from: string"],
      [
        `${deployments}/converted`,
        { spec: { replicas: "2" } },
        "map[spec:map[replicas:2]]",
        "unrecognized type: int32",
      ],
    ] as const) {
      await patch(admin, path, "strategic-merge-patch", body, 422, refused(shown, problem));
    }
  });

  test("strategic merge joins lists by their keys, and deletes, replaces and orders their items", async () => {
    const { admin } = subject();
    const containers = [
      { name: "a", image: "a", env: [{ name: "X", value: "1" }] },
      { name: "b", image: "b" },
      { name: "c", image: "c" },
    ];
    await expect(admin, { method: "POST", path: deployments, body: deployment("strategic", containers) }, 201);
    const path = `${deployments}/strategic`;
    const change = (spec: object) => patch(admin, path, "strategic-merge-patch", template(spec));
    const joined = podOf(
      await change({
        containers: [
          { name: "b", image: "b2" },
          { name: "d", image: "d" },
        ],
      }),
    );
    assert.deepEqual(joined.containers.map(({ name, image }) => `${name} ${String(image)}`).sort(), [
      "a a",
      "b b2",
      "c c",
      "d d",
    ]);
    const fewer = podOf(await change({ containers: [{ name: "c", $patch: "delete" }] }));
    assert.equal(
      fewer.containers.some(({ name }) => name === "c"),
      false,
    );
    const ordered = podOf(
      await change({
        "$setElementOrder/containers": [{ name: "d" }, { name: "a" }, { name: "b" }],
        containers: [{ name: "a", env: [{ name: "Y", value: "2" }] }],
      }),
    );
    assert.deepEqual(
      ordered.containers.map(({ name }) => name),
      ["d", "a", "b"],
    );
    assert.deepEqual((ordered.containers[1]!["env"] as { name: string }[]).map(({ name }) => name).sort(), ["X", "Y"]);
    const replaced = podOf(await change({ containers: [{ name: "only", image: "o" }, { $patch: "replace" }] }));
    assert.deepEqual(
      replaced.containers.map(({ name }) => name),
      ["only"],
    );
  });

  test("strategic merge joins lists of scalars, takes from them, and keeps the keys of a union", async () => {
    const { admin } = subject();
    const path = `${configMaps}/scalars`;
    await create(admin, "scalars", { metadata: { finalizers: ["x.io/a", "x.io/b"] } });
    const finalizers = async (metadata: object) =>
      seen(await patch(admin, path, "strategic-merge-patch", { metadata })).metadata.finalizers;
    assert.deepEqual(await finalizers({ finalizers: ["x.io/c"] }), ["x.io/c", "x.io/a", "x.io/b"]);
    assert.deepEqual(await finalizers({ "$deleteFromPrimitiveList/finalizers": ["x.io/a"] }), ["x.io/c", "x.io/b"]);
    assert.deepEqual(
      await finalizers({ "$setElementOrder/finalizers": ["x.io/b", "x.io/c"], finalizers: ["x.io/c"] }),
      ["x.io/b", "x.io/c"],
    );

    await expect(
      admin,
      { method: "POST", path: deployments, body: deployment("union", [{ name: "c", image: "i" }]) },
      201,
    );
    const strategy = { $retainKeys: ["type"], type: "Recreate" };
    const kept = seen(await patch(admin, `${deployments}/union`, "strategic-merge-patch", { spec: { strategy } }));
    assert.deepEqual(kept.spec!["strategy"], { type: "Recreate" });
    const broken = { $retainKeys: ["type"], type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } };
    await patch(admin, `${deployments}/union`, "strategic-merge-patch", { spec: { strategy: broken } }, 400);
  });

  test("a nested list that is not there yet is patched by directives all the same", async () => {
    const { admin } = subject();
    const configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    const hook = {
      name: "foo.bar.com",
      admissionReviewVersions: ["v1"],
      clientConfig: { url: "https://foo.com" },
      sideEffects: "None",
    };
    await expect(
      admin,
      { method: "POST", path: configurations, body: { metadata: { name: "base" }, webhooks: [hook] } },
      201,
    );
    const path = `${configurations}/base?fieldValidation=Strict`;
    await patch(admin, path, "strategic-merge-patch", { webhooks: null });
    const body = {
      "$setElementOrder/webhooks": [{ name: "new.foo.com" }],
      webhooks: [
        { ...hook, name: "new.foo.com" },
        { $patch: "delete", name: "foo.bar.com" },
      ],
    };
    const answer = seen(await patch(admin, path, "strategic-merge-patch", body)) as Seen & {
      webhooks: { name: string }[];
    };
    assert.deepEqual(
      answer.webhooks.map(({ name }) => name),
      ["new.foo.com"],
    );
  });

  test("of a hundred patches at once, each is applied", async () => {
    const { admin } = subject();
    const owners = Array.from({ length: 100 }, (_, i) => ({
      apiVersion: "example.com/v1",
      kind: "Foo",
      name: `owner-${i}`,
      uid: `0000${i}`,
    }));
    await expect(
      admin,
      { method: "POST", path: secrets, body: { metadata: { name: "contended", ownerReferences: owners } } },
      201,
    );
    const answers = await Promise.all(
      owners.map(({ uid }, i) =>
        patch(admin, `${secrets}/contended`, "strategic-merge-patch", {
          metadata: { labels: { [`label-${i}`]: "x" }, ownerReferences: [{ $patch: "delete", uid }] },
        }),
      ),
    );
    for (const [i, answer] of answers.entries()) assert.equal(seen(answer).metadata.labels![`label-${i}`], "x");
    const end = seen(await expect(admin, { path: `${secrets}/contended` }, 200)).metadata as Seen["metadata"] & {
      ownerReferences?: object;
    };
    assert.deepEqual([Object.keys(end.labels!).length, end.ownerReferences], [100, undefined]);
  });

  test("a patch that names a revision meets a conflict where the object has another", async () => {
    const { admin } = subject();
    const made = await create(admin, "pinned", { data: { a: "1" } });
    const path = `${configMaps}/pinned`;
    const { resourceVersion } = made.metadata;
    await patch(admin, path, "merge-patch", { data: { a: "2" } });
    await patch(
      admin,
      path,
      "merge-patch",
      { metadata: { resourceVersion }, data: { a: "3" } },
      409,
      failure(
        409,
        "Conflict",
        'Operation cannot be fulfilled on configmaps "pinned": the object has been modified; please apply your changes to the latest version and try again',
        { name: "pinned", kind: "configmaps" },
      ),
    );
  });
});
