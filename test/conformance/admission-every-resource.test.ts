import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type ReceivedCall,
  startWebhook,
  type WebhookServerForTests,
} from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { samples } from "../client-node/samples.ts";
import { expect, type Seen, seen } from "../support/conformance.ts";
import { definitionOf, establish } from "../support/custom-resources.ts";
import { type Answer, type Call, clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import { makeNamespace } from "../support/namespace.ts";

// Upstream's tables of everything: test/integration/apiserver, admissionwebhook/admission_test.go and
// cel/admission_policy_test.go.

/** A resource, or one below a resource, as discovery has it. */
interface Listed {
  readonly group: string;
  readonly version: string;
  readonly name: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** What its objects are: often of another group than the resource. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
}

interface Request {
  readonly uid: string;
  readonly operation: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly requestResource: Request["resource"];
  readonly requestSubResource?: string;
  readonly userInfo: { readonly username: string };
  readonly object: Seen | null;
  readonly oldObject: Seen | null;
  readonly options: Seen | null;
}

/** What the webhooks are to be told. */
interface Asked {
  readonly name: string;
  readonly namespace: string;
  readonly object: boolean;
  readonly oldObject: boolean;
}

const user = "webhook-integration-client";
const namespace = "webhook-integration";
/** Each webhook of the test, by the path it is called at. */
const hooks = ["mutating", "validating"].flatMap((phase) =>
  ["v1", "v1beta1"].flatMap((version) => ["any", "equivalent"].map((match) => ({ phase, version, match }))),
);
const pathOf = ({ phase, version, match }: (typeof hooks)[number]): string => `/${version}/${phase}/${match}`;
const optionsOf: Readonly<Record<string, string | undefined>> = {
  CREATE: "CreateOptions",
  UPDATE: "UpdateOptions",
  DELETE: "DeleteOptions",
};

describe("webhooks and policies are asked about every resource and each of its verbs", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let client: HttpClient;
  let webhook: WebhookServerForTests;
  let resources: readonly Listed[] = [];
  /** The first resource of each name: what the webhooks that take equivalents ask for. */
  const first = new Map<string, Listed>();

  before(async () => {
    [https, webhook] = await Promise.all([startHttpsServer(), startWebhook(answer)]);
    client = as(clientOf.h2(https.port, https.admin));
    const open = { "x-kubernetes-preserve-unknown-fields": true };
    const versions = ["v1", "v2"].map((name) => ({ name, schema: open, subresources }));
    await establish(client, definitionOf("Panda", versions, { scope: "Cluster" }));
    await establish(client, definitionOf("Foo", [{ name: "v1", schema: open }]));
    await makeNamespace(client, namespace);
    resources = await discover(client);
    for (const one of resources) if (!first.has(one.name)) first.set(one.name, one);
    for (const phase of ["mutating", "validating"]) await register(phase);
    for (const match of ["any", "equivalent"]) await registerPolicy(match);
  });
  after(async () => {
    client?.close();
    await https?.close();
    await webhook?.close();
  });

  const register = async (phase: string): Promise<void> => {
    const rules = [...first.values()].map(({ group, version, name }) => ruleOf(group, version, name));
    const webhooks = hooks
      .filter((hook) => hook.phase === phase)
      .map((hook) => ({
        name: `${hook.match}-${hook.version}.example.com`,
        clientConfig: { url: `${webhook.url}${pathOf(hook)}`, caBundle: webhook.caBundle },
        rules: hook.match === "any" ? [ruleOf("*", "*", "*/*")] : rules,
        matchPolicy: hook.match === "any" ? "Exact" : "Equivalent",
        sideEffects: "None",
        admissionReviewVersions: [hook.version],
      }));
    const path = `/apis/admissionregistration.k8s.io/v1/${phase}webhookconfigurations`;
    await expect(client, { method: "POST", path, body: { metadata: { name: "every" }, webhooks } }, 201);
  };

  /** A policy that tells the client what it sees. */
  const registerPolicy = async (match: string): Promise<void> => {
    const rules = [...first.values()].map(({ group, version, name }) => ruleOf(group, version, name));
    const matchConstraints = {
      resourceRules: match === "any" ? [ruleOf("*", "*", "*/*")] : rules,
      matchPolicy: match === "any" ? "Exact" : "Equivalent",
    };
    const matchConditions = [{ name: "user", expression: `request.userInfo.username == '${user}'` }];
    const validations = [{ expression: "false", messageExpression: `'${match}: ' + ${seenByPolicy}` }];
    const made = async (resource: string, spec: object): Promise<void> => {
      const path = `/apis/admissionregistration.k8s.io/v1/validatingadmission${resource}`;
      await expect(client, { method: "POST", path, body: { metadata: { name: match }, spec } }, 201);
    };
    await made("policies", { matchConstraints, matchConditions, validations });
    await made("policybindings", { policyName: match, validationActions: ["Warn"] });
  };

  /** All policies have told of it what the webhooks were told. */
  const wasSeen = (resource: Listed, operation: string, asked: Asked, warnings: string): void => {
    for (const match of ["any", "equivalent"]) {
      const { group, version, name, kind } = match === "any" ? resource : (first.get(resource.name) ?? resource);
      const shown = [[kind.group, kind.version].filter((part) => part !== "").join("/"), kind.kind].join(" ");
      const told = [
        `${match}: ${operation} ${group}/${version}/${name} ${asked.name} of ${asked.namespace}`,
        `now ${asked.object ? shown : "none"}`,
        `before ${asked.oldObject ? shown : "none"}`,
        `by ${optionsOf[operation] ?? "none"}`,
      ].join(", ");
      if (isExemptOfPolicies(resource)) assert.ok(!warnings.includes(`${match}: ${operation}`), warnings);
      else assert.ok(warnings.includes(told), `${told}: not in ${warnings}`);
    }
  };

  /** All webhooks have been asked about this, and their warnings have reached the client. */
  const wereAsked = (resource: Listed, operation: string, asked: Asked, answered?: Answer): void => {
    const { name, namespace: where } = asked;
    const about = `${operation} ${resource.group}/${resource.version}/${resource.name}`;
    const warnings = [answered?.headers["warning"] ?? []].flat().join(" ");
    if (answered !== undefined) wasSeen(resource, operation, asked, warnings);
    for (const hook of hooks) {
      const path = pathOf(hook);
      const shown = hook.match === "any" ? resource : (first.get(resource.name) ?? resource);
      const requests = webhook.calls.filter((call) => call.path.split("?")[0] === path).map(requestIn);
      const isMeant = (one: Request): boolean =>
        one.operation === operation && isOf(one, shown) && (one.name ?? "") === name && (one.namespace ?? "") === where;
      const request = requests.find((one) => one.userInfo.username === user && isMeant(one));
      if (isExempt(resource)) {
        assert.equal(request, undefined, `${path} was asked about ${about}`);
        continue;
      }
      const all = () => requests.map((one) => JSON.stringify({ ...one, object: null, oldObject: null })).join("\n");
      assert.ok(request, `${path} was not asked about ${about} ${name} of ${where}, but\n${all()}`);
      const kind = [shown.kind.group, shown.kind.version].filter((part) => part !== "").join("/");
      for (const key of ["object", "oldObject"] as const) {
        const object: Seen | null = request[key];
        assert.equal(object !== null, asked[key], `${path}: ${key} of ${about}`);
        if (object !== null) assert.deepEqual([object.apiVersion, object.kind], [kind, shown.kind.kind], about);
      }
      const options = request.options === null ? undefined : `${request.options.apiVersion} ${request.options.kind}`;
      const expected = optionsOf[operation];
      assert.equal(options, expected && `meta.k8s.io/v1 ${expected}`, about);
      if (answered !== undefined)
        assert.ok(warnings.includes(path), `no warning of ${path}: ${about}: ${answered.text}`);
    }
  };

  const created = async (resource: Listed): Promise<Seen> => {
    const sample = sampleOf(resource);
    const path = pathOfObjects(resource);
    const found = await client.call({ path: `${path}/${sample.metadata.name}` });
    if (found.status === 200) return seen(found);
    return seen(await expect(client, { method: "POST", path, body: sample }, 201));
  };

  /** Does it, with nothing but its own calls in sight. */
  const call = async (one: Call, status?: number): Promise<Answer> => {
    webhook.calls.length = 0;
    return status === undefined ? client.call(one) : expect(client, one, status);
  };
  const whereOf = (resource: Listed, name: string): string =>
    resource.namespaced ? namespace : resource.kind.kind === "Namespace" ? name : "";

  const isPlain = ({ name }: Listed): boolean => !name.includes("/");
  const stored = () => resources.filter((one) => isPlain(one) && one.verbs.includes("get"));

  test("creations", async () => {
    await each(stored(), async (resource) => {
      const sample = sampleOf(resource);
      const { name } = sample.metadata;
      const path = pathOfObjects(resource);
      await gone(client, `${path}/${name}`);
      const answered = await call({ method: "POST", path, body: sample }, 201);
      const asked = { name, namespace: whereOf(resource, name), object: true, oldObject: false };
      wereAsked(resource, "CREATE", asked, answered);
    });
  });

  test("updates and patches", async () => {
    await each(stored(), async (resource) => {
      const object = await created(resource);
      const { name } = object.metadata;
      const path = `${pathOfObjects(resource)}/${name}`;
      const asked = { name, namespace: whereOf(resource, name), object: true, oldObject: true };
      const body = { ...object, metadata: { ...object.metadata, annotations: { update: "true" } } };
      wereAsked(resource, "UPDATE", asked, await call({ method: "PUT", path, body }, 200));
      wereAsked(resource, "UPDATE", asked, await call(annotate(path, "patch"), 200));
    });
  });

  test("updates and patches of what is below a resource", async () => {
    await each(
      resources.filter((one) => !isPlain(one)),
      async (resource) => {
        const [plural, subresource] = resource.name.split("/") as [string, string];
        const parent = resources.find(
          (one) => one.name === plural && one.group === resource.group && one.version === resource.version,
        )!;
        if (subresource === "proxy" || !resource.verbs.some((verb) => ["update", "patch"].includes(verb))) return;
        const object = await created(parent);
        const { name } = object.metadata;
        const path = `${pathOfObjects(parent)}/${name}/${subresource}`;
        const asked = { name, namespace: whereOf(parent, name), object: true, oldObject: true };
        if (resource.verbs.includes("update")) {
          const sent = resource.verbs.includes("get") ? seen(await expect(client, { path }, 200)) : object;
          const body = { ...sent, metadata: { ...sent.metadata, annotations: { subresourceupdate: "true" } } };
          wereAsked(resource, "UPDATE", asked, await call({ method: "PUT", path, body }, 200));
        }
        if (resource.verbs.includes("patch")) {
          wereAsked(resource, "UPDATE", asked, await call(annotate(path, "subresourcepatch"), 200));
        }
      },
    );
  });

  test("deletions: at once, and where a finalizer holds the object back", async () => {
    await each(stored(), async (resource) => {
      if (resource.name === "namespaces") return;
      const path = `${pathOfObjects(resource)}/${(await created(resource)).metadata.name}`;
      const { name } = sampleOf(resource).metadata;
      const asked = { name, namespace: whereOf(resource, name), object: false, oldObject: true };
      const body = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
      wereAsked(resource, "DELETE", asked, await call({ method: "DELETE", path, body }, 200));
      await gone(client, path);
      await created(resource);
      await expect(client, merge(path, { metadata: { finalizers: ["test/k8s.io"] } }), 200);
      wereAsked(resource, "DELETE", asked, await call({ method: "DELETE", path, body }, 200));
      await gone(client, path);
    });
  });

  test("deletions of a namespace, which its content outlives", async () => {
    const resource = resources.find(({ name }) => name === "namespaces")!;
    const { name } = (await created(resource)).metadata;
    const path = `/api/v1/namespaces/${name}`;
    const answered = await call({ method: "DELETE", path }, 200);
    wereAsked(resource, "DELETE", { name, namespace: name, object: false, oldObject: true }, answered);
    const object = seen(await expect(client, { path }, 200));
    await expect(client, { method: "PUT", path: `${path}/finalize`, body: { ...object, spec: {} } }, 200);
    await expect(client, { path }, 404);
  });

  test("deletions of a collection, object by object and without a name", async () => {
    await each(stored(), async (resource) => {
      if (!resource.verbs.includes("deletecollection")) return;
      const { name } = (await created(resource)).metadata;
      const path = pathOfObjects(resource);
      await expect(client, merge(`${path}/${name}`, { metadata: { labels: { webhooktest: "true" } } }), 200);
      const body = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
      const answered = await call({ method: "DELETE", path: `${path}?labelSelector=webhooktest%3Dtrue`, body }, 200);
      const asked = { name: "", namespace: resource.namespaced ? namespace : "", object: false, oldObject: true };
      wereAsked(resource, "DELETE", asked, answered);
      await gone(client, `${path}/${name}`);
    });
  });

  test("connections, whatever the method", async () => {
    const connected = /^(?:pods\/(?:attach|exec|portforward)|(?:nodes|pods|services)\/proxy)$/;
    await each(
      resources.filter(({ name }) => connected.test(name)),
      async (resource) => {
        const [plural, subresource] = resource.name.split("/") as [string, string];
        const parent = resources.find((one) => one.name === plural && one.group === "")!;
        const { name } = (await created(parent)).metadata;
        const path = `${pathOfObjects(parent)}/${name}/${subresource}`;
        const all = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
        for (const method of subresource === "proxy" ? all : ["GET", "POST"]) {
          const asked = { name, namespace: resource.namespaced ? namespace : "", object: true, oldObject: false };
          await call({ method, path });
          wereAsked(resource, "CONNECT", asked);
        }
      },
    );
  });

  test("what is made of a pod or of an account, and never stored", async () => {
    const find = (name: string): Listed => resources.find((one) => one.name === name && one.version === "v1")!;
    const path = `/api/v1/namespaces/${namespace}`;
    const make = async (resource: string, where: string, name: string, body: object, status = 201): Promise<void> => {
      const answered = await call({ method: "POST", path: `${path}/${where}`, body }, status);
      wereAsked(find(resource), "CREATE", { name, namespace, object: true, oldObject: false }, answered);
    };
    const now = { gracePeriodSeconds: 0 };
    for (const resource of ["bindings", "pods/binding", "pods/eviction"]) {
      const { name } = (await created(find("pods"))).metadata;
      const where = resource.replace("/", `/${name}/`);
      const metadata = { name };
      const target = { name: "foo", kind: "Node", apiVersion: "v1" };
      await make(
        resource,
        where,
        name,
        resource.endsWith("eviction") ? { metadata, deleteOptions: now } : { metadata, target },
      );
      await client.call({ method: "DELETE", path: `${path}/pods/${name}`, body: now });
    }
    const { name } = (await created(find("serviceaccounts"))).metadata;
    const spec = { audiences: ["api"] };
    await make("serviceaccounts/token", `serviceaccounts/${name}/token`, name, { metadata: { name }, spec });
  });

  test("reviews", async () => {
    const specs: Readonly<Record<string, object>> = {
      tokenreviews: { token: "token" },
      selfsubjectreviews: {},
      localsubjectaccessreviews: { user: "user1", resourceAttributes: { name: "name1", namespace } },
      subjectaccessreviews: { user: "user1", resourceAttributes: { name: "name1", namespace } },
      selfsubjectaccessreviews: { resourceAttributes: { name: "name1" } },
      selfsubjectrulesreviews: { namespace },
    };
    await each(
      resources.filter((one) => one.name.endsWith("reviews")),
      async (resource) => {
        const local = resource.namespaced ? { namespace } : {};
        const body = { metadata: local, spec: specs[resource.name] };
        const answered = await call({ method: "POST", path: pathOfObjects(resource), body }, 201);
        const asked = { name: "", namespace: resource.namespaced ? namespace : "", object: true, oldObject: false };
        wereAsked(resource, "CREATE", asked, answered);
      },
    );
  });
});

const orNone = (what: string, has: string, value: string): string => `, ${what} ' + (${has} ? ${value} : 'none')`;
/** What a policy sees, as CEL tells it in a line. */
const seenByPolicy = [
  "request.operation + ' ' + request.resource.group + '/' + request.resource.version + '/' + request.resource.resource",
  "(has(request.subResource) && request.subResource != '' ? '/' + request.subResource : '')",
  "' ' + (has(request.name) ? request.name : '') + ' of ' + (has(request.namespace) ? request.namespace : '')",
  `'${orNone("now", "object != null", "object.apiVersion + ' ' + object.kind")}`,
  `'${orNone("before", "oldObject != null", "oldObject.apiVersion + ' ' + oldObject.kind")}`,
  `'${orNone("by", "has(request.options) && request.options != null", "request.options.kind")}`,
].join(" + ");

/** Does it for each, and tells of all that went wrong. */
async function each(all: readonly Listed[], run: (resource: Listed) => Promise<void>): Promise<void> {
  const problems: string[] = [];
  for (const resource of all) await run(resource).catch((error: Error) => problems.push(error.message));
  assert.deepEqual(problems, []);
}

const subresources = {
  status: {},
  scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
};

const ruleOf = (group: string, version: string, resource: string): object => ({
  operations: ["*"],
  apiGroups: [group],
  apiVersions: [version],
  resources: [resource],
});

const requestIn = ({ body }: ReceivedCall): Request => (body as { request: Request }).request;

const isOf = ({ resource, subResource = "" }: Request, { group, version, name }: Listed): boolean =>
  resource.group === group &&
  resource.version === version &&
  name === (subResource === "" ? resource.resource : `${resource.resource}/${subResource}`);

/** Lets everything pass, with a warning that names the webhook; the mutating ones add a field that most objects do not know. */
function answer(call: ReceivedCall): object {
  const { uid, object } = requestIn(call);
  const isV1 = call.path.startsWith("/v1/");
  const patch = Buffer.from(JSON.stringify([{ op: "add", path: isV1 ? "/bar" : "/foo", value: "test" }]));
  const mutation =
    call.path.includes("/mutating/") && object !== null
      ? { patchType: "JSONPatch", patch: patch.toString("base64") }
      : {};
  const response = { allowed: true, status: { message: "admitted" }, warnings: [call.path.split("?")[0]], ...mutation };
  // Webhooks of v1beta1 may leave out what they are.
  return isV1
    ? { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response: { uid, ...response } }
    : { response };
}

/** The client, as somebody whose requests can be told from those of the server itself. */
function as(client: HttpClient): HttpClient {
  const headers = { "impersonate-user": user, "impersonate-group": "system:masters" };
  return { ...client, call: (call) => client.call({ ...call, headers: { ...headers, ...call.headers } }) };
}

const mutating = ["create", "update", "patch", "connect", "delete", "deletecollection"];

interface ResourceList {
  readonly groupVersion: string;
  readonly resources: readonly {
    readonly name: string;
    readonly namespaced: boolean;
    readonly kind: string;
    readonly group?: string;
    readonly version?: string;
    readonly verbs: readonly string[];
  }[];
}

async function discover(client: HttpClient): Promise<readonly Listed[]> {
  const { groups } = (await expect(client, { path: "/apis" }, 200)).json as {
    groups: readonly { versions: readonly { groupVersion: string }[] }[];
  };
  const paths = ["/api/v1", ...groups.flatMap(({ versions }) => versions.map((one) => `/apis/${one.groupVersion}`))];
  const found: Listed[] = [];
  for (const path of paths) {
    const { groupVersion, resources } = (await expect(client, { path }, 200)).json as ResourceList;
    const [version, group = ""] = groupVersion.split("/").reverse() as [string, string?];
    for (const { name, namespaced, verbs, ...one } of resources) {
      if (!verbs.some((verb) => mutating.includes(verb))) continue;
      const kind = { group: one.group ?? group, version: one.version ?? version, kind: one.kind };
      found.push({ group, version, name, namespaced, verbs, kind });
    }
  }
  return found;
}

function pathOfObjects({ group, version, name, namespaced }: Listed): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? `/namespaces/${namespace}` : ""}/${name}`;
}

/** Webhooks and policies are never in the way of those who take them away. */
const isExempt = ({ group, kind }: Listed): boolean =>
  group === "admissionregistration.k8s.io" && /^(?:Validating|Mutating)(?:Webhook|Admission)/.test(kind.kind);

/** Policies decide on reviews no more than on themselves, and on configurations of webhooks like on all else. */
const isExemptOfPolicies = ({ group, name }: Listed): boolean =>
  /^(?:authentication|authorization)\.k8s\.io$/.test(group) ||
  (group === "admissionregistration.k8s.io" && name.includes("admissionpolic"));

function sampleOf({ group, version, kind: { kind } }: Listed): Seen {
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const sample = samples.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  const custom = { apiVersion, kind, metadata: { name: `custom-${version}` }, spec: { replicas: 1 } };
  if (sample === undefined && group !== "example.com") throw new Error(`no sample of ${apiVersion} ${kind}`);
  const text = JSON.stringify(sample ?? custom).replaceAll('"surface"', JSON.stringify(namespace));
  return JSON.parse(text) as Seen;
}

const merge = (path: string, body: object): Call => ({
  method: "PATCH",
  path,
  headers: { "content-type": "application/merge-patch+json" },
  body: JSON.stringify(body),
});
const annotate = (path: string, key: string): Call => merge(path, { metadata: { annotations: { [key]: "true" } } });

/** Sees to it that an object is gone, whatever holds it back. */
async function gone(client: HttpClient, path: string): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const found = await client.call({ path });
    if (found.status === 404) return;
    if (seen(found).metadata.deletionTimestamp === undefined) {
      await client.call({ method: "DELETE", path, body: { gracePeriodSeconds: 0 } });
    }
    await client.call(merge(path, { metadata: { finalizers: null } }));
  }
  assert.fail(`${path} does not go`);
}
