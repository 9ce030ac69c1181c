import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, onBothProtocols, type Seen, type Subject, seen } from "../support/conformance.ts";
import { makeNamespace } from "../support/namespace.ts";

const pod = (name: string, resources: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i", resources }] },
});
const forbidden = (name: string, kind: string, text: string) =>
  failure(403, "Forbidden", `${kind} "${name}" is forbidden: ${text}`, { name, kind });

/** A quota that somebody has counted: here, where no controllers run, the test. */
async function makeQuota({ admin }: Subject, own: string, hard: object, used: object): Promise<string> {
  const path = `${own}/resourcequotas`;
  const made = seen(
    await expect(admin, { method: "POST", path, body: { metadata: { name: "q" }, spec: { hard } } }, 201),
  );
  const body = { ...made, status: { hard, used } };
  await expect(admin, { method: "PUT", path: `${path}/q/status`, body }, 200);
  return `${path}/q`;
}

const usedOf = async ({ admin }: Subject, path: string): Promise<unknown> =>
  (seen(await expect(admin, { path }, 200)) as Seen).status?.["used"];

onBothProtocols("quotas", (subject) => {
  test("pods are let in while the quota suffices, and its status tells what they use", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "pods");
    const hard = { pods: "2", "requests.cpu": "1" };
    const quota = await makeQuota(subject(), own, hard, { pods: "0", "requests.cpu": "0" });
    const post = (name: string, cpu: string | undefined, status: number, body?: object) =>
      expect(
        admin,
        { method: "POST", path: `${own}/pods`, body: pod(name, cpu === undefined ? {} : { requests: { cpu } }) },
        status,
        body,
      );
    await post(
      "silent",
      undefined,
      403,
      forbidden("silent", "pods", "failed quota: q: must specify requests.cpu for: c"),
    );
    await post("a", "600m", 201);
    assert.deepEqual(await usedOf(subject(), quota), { pods: "1", "requests.cpu": "600m" });
    await post(
      "b",
      "500m",
      403,
      forbidden(
        "b",
        "pods",
        "exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1",
      ),
    );
    await post("b", "400m", 201);
    await post(
      "c",
      "0",
      403,
      forbidden("c", "pods", "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"),
    );
  });

  test("a table of quotas tells requests and limits with their use", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "table");
    const hard = { pods: "2", "limits.cpu": "1" };
    await makeQuota(subject(), own, hard, { pods: "1", "limits.cpu": "0" });
    const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const { json } = await expect(admin, { path: `${own}/resourcequotas`, headers }, 200);
    const { columnDefinitions, rows } = json as {
      columnDefinitions: { name: string }[];
      rows: { cells: string[] }[];
    };
    assert.deepEqual(
      columnDefinitions.map(({ name }) => name),
      ["Name", "Request", "Limit", "Age"],
    );
    assert.deepEqual(rows[0]!.cells.slice(0, 3), ["q", "pods: 1/2", "limits.cpu: 0/1"]);
  });

  test("any object counts, and a dry run does not", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "objects");
    const quota = await makeQuota(subject(), own, { "count/configmaps": "1" }, { "count/configmaps": "0" });
    const path = `${own}/configmaps`;
    const body = { metadata: { name: "m" } };
    await expect(admin, { method: "POST", path: `${path}?dryRun=All`, body }, 201);
    assert.deepEqual(await usedOf(subject(), quota), { "count/configmaps": "0" });
    await expect(admin, { method: "POST", path, body }, 201);
    await expect(
      admin,
      { method: "POST", path, body: { metadata: { name: "n" } } },
      403,
      forbidden(
        "n",
        "configmaps",
        "exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1",
      ),
    );
  });

  test("of many creates at once, as many succeed as the quota allows", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "many");
    const quota = await makeQuota(subject(), own, { secrets: "7" }, { secrets: "0" });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        admin.call({ method: "POST", path: `${own}/secrets`, body: { metadata: { name: `s${i}` } } }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 7);
    assert.equal(answers.filter(({ status }) => status === 403).length, 23);
    assert.deepEqual(await usedOf(subject(), quota), { secrets: "7" });
  });

  test("a quota that nobody has counted lets in what it limits; one that is half counted does not", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "uncounted");
    const path = `${own}/resourcequotas`;
    const spec = { hard: { secrets: "1" } };
    const made = seen(await expect(admin, { method: "POST", path, body: { metadata: { name: "q" }, spec } }, 201));
    const post = (name: string, status: number, body?: object) =>
      expect(admin, { method: "POST", path: `${own}/secrets`, body: { metadata: { name } } }, status, body);
    await post("a", 201);
    const status = { hard: { secrets: "1" } };
    await expect(admin, { method: "PUT", path: `${path}/q/status`, body: { ...made, status } }, 200);
    await post("b", 403, forbidden("b", "secrets", "status unknown for quota: q, resources: secrets"));
  });
});
