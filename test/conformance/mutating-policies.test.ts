import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { configMaps, expect } from "../support/conformance.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const api = "/apis/admissionregistration.k8s.io/v1";
const deployments = "/apis/apps/v1/namespaces/default/deployments";

interface Shown {
  readonly metadata: { readonly labels?: object; readonly annotations?: object };
  readonly spec: { readonly replicas: number };
  readonly message: string;
}

const json = (expression: string) => ({ patchType: "JSONPatch", jsonPatch: { expression } });
const apply = (expression: string) => ({ patchType: "ApplyConfiguration", applyConfiguration: { expression } });
const replicas = (value: string) => json(`[JSONPatch{op: "replace", path: "/spec/replicas", value: ${value}}, ]`);
const labels = (value: string) => json(`[JSONPatch{op: "add", path: "/metadata/labels", value: {${value}}}]`);
const configure = (value: string) => apply(`Object{spec: Object.spec{replicas: ${value}}}`);
const label = (key: string, value: string) =>
  apply(`Object{metadata: Object.metadata{labels: {${JSON.stringify(key)}: ${value}}}}`);
const nested = (times: number): string =>
  times === 0 ? '"0123456789" == "0123456789"' : `variables.list.all(x${times}, ${nested(times - 1)})`;
const list = { variables: [{ name: "list", expression: "[0,1,2,3,4,5,6,7,8,9]" }] };
const desired = { variables: [{ name: "desired", expression: "10" }] };

// The tables of upstream's admission/plugin/policy/mutating: compilation_test.go and dispatcher_test.go.
describe("mutating policies, as upstream's tables have them", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  before(async () => {
    https = await startHttpsServer();
    admin = clientOf.h2(https.port, https.admin);
    await expect(
      admin,
      { method: "POST", path: configMaps, body: { metadata: { name: "p" }, data: { k: "100" } } },
      201,
    );
  });
  after(async () => {
    admin?.close();
    await https?.close();
  });
  afterEach(async () => {
    for (const resource of ["policybindings", "policies"]) {
      await expect(admin, { method: "DELETE", path: `${api}/mutatingadmission${resource}` }, 200);
    }
  });

  const policy = async (name: string, spec: object, binding: object = {}): Promise<void> => {
    const rule = { operations: ["CREATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] };
    const matchConstraints = { resourceRules: [rule] };
    const body = { metadata: { name }, spec: { matchConstraints, reinvocationPolicy: "Never", ...spec } };
    await expect(admin, { method: "POST", path: `${api}/mutatingadmissionpolicies`, body }, 201);
    const bound = { metadata: { name }, spec: { policyName: name, ...binding } };
    await expect(admin, { method: "POST", path: `${api}/mutatingadmissionpolicybindings`, body: bound }, 201);
  };
  const create = async (status = 201): Promise<Shown> => {
    const spec = {
      replicas: 1,
      selector: { matchLabels: { app: "a" } },
      template: { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "a", image: "a" }] } },
    };
    const body = { metadata: { name: "d1", labels: {} }, spec };
    const answer = await expect(admin, { method: "POST", path: `${deployments}?dryRun=All`, body }, status);
    return answer.json as Shown;
  };

  const made: readonly [string, object, number | object][] = [
    [
      "a configuration, then a patch",
      { mutations: [configure("object.spec.replicas + 100"), replicas("object.spec.replicas + 10")] },
      111,
    ],
    [
      "a patch, then a configuration",
      { mutations: [replicas("object.spec.replicas + 10"), configure("object.spec.replicas + 100")] },
      111,
    ],
    ["a patch with a variable", { ...desired, mutations: [replicas("variables.desired + 1")] }, 11],
    ["a configuration with a variable", { ...desired, mutations: [configure("variables.desired + 1")] }, 11],
    [
      "a request's kind",
      {
        mutations: [
          replicas(
            "request.kind.group == 'apps' && request.kind.version == 'v1' && request.kind.kind == 'Deployment' ? 10 : 0",
          ),
        ],
      },
      10,
    ],
    ["the namespace", { mutations: [replicas("namespaceObject.metadata.name == 'default' ? 10 : 0")] }, 10],
    [
      "the authorizer",
      { mutations: [replicas("authorizer.group('').resource('endpoints').check('create').allowed() ? 10 : 0")] },
      10,
    ],
    [
      "fields of objects",
      { mutations: [labels('"value": Object{field: "fieldValue"}.field')] },
      { value: "fieldValue" },
    ],
    [
      "whether objects have fields",
      { mutations: [labels('"a": string(has(Object{field: "fieldValue"}.field)), "b": string(has(Object{}.field))')] },
      { a: "true", b: "false" },
    ],
    [
      "whether objects are equal",
      {
        mutations: [
          labels(
            '"empty": string(Object{} == Object{}), "same": string(Object{field: "x"} == Object{field: "x"}), "different": string(Object{field: "x"} == Object{field: "y"})',
          ),
        ],
      },
      { empty: "true", same: "true", different: "false" },
    ],
  ];
  for (const [title, spec, expected] of made) {
    test(`mutates by ${title}`, async () => {
      await policy("policy1", spec);
      const { metadata, spec: shown } = await create();
      assert.deepEqual(typeof expected === "number" ? shown.replicas : metadata.labels, expected);
    });
  }

  test("mutates by parameters, once for each", async () => {
    const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
    const paramRef = { selector: { matchLabels: {} }, parameterNotFoundAction: "Deny", namespace: "default" };
    const body = { metadata: { name: "q" }, data: { k: "10" } };
    await expect(admin, { method: "POST", path: configMaps, body }, 201);
    await policy(
      "policy1",
      { paramKind, mutations: [configure("object.spec.replicas + int(params.data['k'])")] },
      { paramRef },
    );
    assert.equal((await create()).spec.replicas, 111);
  });

  for (const [title, mutation] of [
    ["patch", replicas(`${nested(6)} ? 1 : 0`)],
    ["configuration", configure(`${nested(6)} ? 1 : 0`)],
  ] as const) {
    test(`a ${title} costs no more than it may`, async () => {
      await policy("policy1", { ...list, mutations: [mutation] });
      assert.match((await create(403)).message, /operation cancelled: actual cost limit exceeded/);
    });
  }

  test("types of objects are not checked against what is patched", async () => {
    await policy("policy1", {
      mutations: [json('[JSONPatch{op: "add", path: "/spec/strategy", value: Object.invalid{type: "Recreate"}}]')],
    });
    assert.deepEqual((await create()).spec, { ...(await create()).spec, strategy: { type: "Recreate" } });
  });

  const production = [
    { name: "prodonly", expression: 'object.?metadata.labels["environment"].orValue("") == "production"' },
  ];
  for (const [title, first, second, expected] of [
    [
      "matches by what an earlier one made",
      {},
      { matchConditions: production },
      { environment: "production", invoked: "true" },
    ],
    [
      "does not match any more by what a later one makes",
      { matchConditions: production },
      {},
      { environment: "production" },
    ],
  ] as const) {
    test(`a policy ${title}`, async () => {
      const invoked = "matchConditions" in first;
      const mutate = (one: boolean) => ({
        mutations: [one ? label("invoked", '"true"') : label("environment", '"production"')],
      });
      await policy("policy1", { ...first, ...mutate(invoked) });
      await policy("policy2", { ...second, ...mutate(!invoked) });
      assert.deepEqual((await create()).metadata.labels, expected);
    });
  }
});
