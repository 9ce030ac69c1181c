import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, expect, failure, onBothProtocols, seen } from "../support/conformance.ts";
import type { HttpClient } from "../support/http.ts";

const unauthorized = failure(401, "Unauthorized", "Unauthorized");
const forbidden = (text: string, details: object): object => failure(403, "Forbidden", text, details);
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const serviceAccounts = "/api/v1/namespaces/default/serviceaccounts";

async function token(admin: HttpClient, name: string, spec: object = {}): Promise<string> {
  const body = { spec: { expirationSeconds: 3_600, ...spec } };
  const answer = await expect(admin, { method: "POST", path: `${serviceAccounts}/${name}/token`, body }, 201);
  return seen(answer).status?.["token"] as string;
}

onBothProtocols("access", (subject) => {
  test("bad credentials are Unauthorized, and never anonymous", async () => {
    const { https, as } = subject();
    const { ca } = https;
    const yesterday = Date.now() - 86_400_000;
    for (const credentials of [
      { ca, token: "nonsense" },
      { ca, token: "a.b.c" },
      {
        ca,
        token: `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from("{}").toString("base64url")}.`,
      },
      https.issue({ commonName: "jane", notAfter: yesterday }),
      { ...https.issue({ commonName: "jane", organizations: ["system:masters"], foreign: true }), ca },
    ]) {
      await expect(as(credentials), { path: configMaps }, 401, unauthorized);
    }
    await expect(as({ ca }), { path: configMaps, headers: { authorization: "Bearer" } }, 403);
  });

  test("who may not is told what, in upstream's words", async () => {
    const { https, as } = subject();
    const nobody = as({ ca: https.ca });
    const jane = as(https.issue({ commonName: "jane", organizations: ["team"] }));
    await expect(
      nobody,
      { path: configMaps },
      403,
      forbidden(
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"',
        { kind: "configmaps" },
      ),
    );
    await expect(
      jane,
      { path: `${configMaps}/a` },
      403,
      forbidden(
        'configmaps "a" is forbidden: User "jane" cannot get resource "configmaps" in API group "" in the namespace "default"',
        { name: "a", kind: "configmaps" },
      ),
    );
    await expect(
      jane,
      { path: "/api/v1/nodes?watch=1" },
      403,
      forbidden('nodes is forbidden: User "jane" cannot watch resource "nodes" in API group "" at the cluster scope', {
        kind: "nodes",
      }),
    );
    await expect(
      jane,
      { method: "PUT", path: "/apis/apps/v1/namespaces/default/deployments/d/scale", body: {} },
      403,
      forbidden(
        'deployments.apps "d" is forbidden: User "jane" cannot update resource "deployments/scale" in API group "apps" in the namespace "default"',
        { name: "d", group: "apps", kind: "deployments" },
      ),
    );
    await expect(jane, { path: "/metrics" }, 403, forbidden('forbidden: User "jane" cannot get path "/metrics"', {}));
    await expect(jane, { path: "/api" }, 200);
  });

  test("a role bound to a user lets them do that and nothing else; nobody gives what they do not have", async () => {
    const { admin, https, as } = subject();
    const jane = as(https.issue({ commonName: "jane" }));
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }];
    await expect(
      admin,
      { method: "POST", path: `${rbac}/namespaces/default/roles`, body: { metadata: { name: "reader" }, rules } },
      201,
    );
    const binding = {
      metadata: { name: "jane" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
      subjects: [{ kind: "User", name: "jane", apiGroup: "rbac.authorization.k8s.io" }],
    };
    await expect(admin, { method: "POST", path: `${rbac}/namespaces/default/rolebindings`, body: binding }, 201);
    await expect(jane, { path: configMaps }, 200);
    await expect(jane, { method: "POST", path: configMaps, body: { metadata: { name: "x" } } }, 403);
    await expect(jane, { path: "/api/v1/namespaces/kube-system/configmaps" }, 403);
    const may = {
      metadata: { name: "writer" },
      rules: [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: ["create"] }],
    };
    await expect(admin, { method: "POST", path: `${rbac}/namespaces/default/roles`, body: may }, 201);
    await expect(
      admin,
      {
        method: "POST",
        path: `${rbac}/namespaces/default/rolebindings`,
        body: { ...binding, metadata: { name: "jane-writer" }, roleRef: { ...binding.roleRef, name: "writer" } },
      },
      201,
    );
    const more = { metadata: { name: "more" }, rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }] };
    const refused = await expect(jane, { method: "POST", path: `${rbac}/namespaces/default/roles`, body: more }, 403);
    assert.equal(
      seen(refused).message,
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    );
  });

  test("a TokenRequest gives a token that works until its service account is gone", async () => {
    const { admin, https, as } = subject();
    await expect(admin, { method: "POST", path: serviceAccounts, body: { metadata: { name: "robot" } } }, 201);
    const robot = as({ ca: https.ca, token: await token(admin, "robot") });
    const review = async (client: HttpClient) =>
      seen(
        await expect(
          client,
          { method: "POST", path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", body: {} },
          201,
        ),
      ).status?.["userInfo"] as { username: string; groups: string[] };
    const { username, groups } = await review(robot);
    assert.deepEqual(
      [username, groups],
      [
        "system:serviceaccount:default:robot",
        ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
      ],
    );
    const other = as({ ca: https.ca, token: await token(admin, "robot", { audiences: ["elsewhere"] }) });
    await expect(other, { path: "/api" }, 401, unauthorized);
    await expect(admin, { method: "DELETE", path: `${serviceAccounts}/robot` }, 200);
    await expect(robot, { path: "/api" }, 401, unauthorized);
    await expect(
      admin,
      { method: "POST", path: `${serviceAccounts}/robot/token`, body: {} },
      404,
      failure(404, "NotFound", 'serviceaccounts "robot" not found', { name: "robot", kind: "serviceaccounts" }),
    );
  });

  test("a node gets the tokens that its pods ask for, and no others", async () => {
    const { admin, https, as } = subject();
    await expect(admin, { method: "POST", path: serviceAccounts, body: { metadata: { name: "mounted" } } }, 201);
    const sources = [
      { serviceAccountToken: { path: "own" } },
      { serviceAccountToken: { path: "x", audience: "vault" } },
    ];
    const pod = {
      metadata: { name: "mounting" },
      spec: {
        nodeName: "one",
        serviceAccountName: "mounted",
        containers: [{ name: "c", image: "c" }],
        volumes: [{ name: "tokens", projected: { sources } }],
      },
    };
    const path = "/api/v1/namespaces/default/pods";
    const { uid } = seen(await expect(admin, { method: "POST", path, body: pod }, 201)).metadata as { uid: string };
    const node = as(https.issue({ commonName: "system:node:one", organizations: ["system:nodes"] }));
    const ask = (audiences: readonly string[] | undefined, status: number) =>
      expect(
        node,
        {
          method: "POST",
          path: `${serviceAccounts}/mounted/token`,
          body: { spec: { audiences, boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "mounting", uid } } },
        },
        status,
      );
    await ask(undefined, 201);
    await ask(["vault"], 201);
    assert.equal(
      seen(await ask(["elsewhere"], 403)).message,
      'serviceaccounts "mounted" is forbidden: audience "elsewhere" not found in pod spec volume, system:node:one is not authorized to request tokens for this audience',
    );
  });

  test("reviews answer who one is and what one may", async () => {
    const { admin, https, as } = subject();
    await expect(admin, { method: "POST", path: serviceAccounts, body: { metadata: { name: "reviewed" } } }, 201);
    const text = await token(admin, "reviewed");
    const reviewed = async (spec: object) =>
      seen(
        await expect(
          admin,
          { method: "POST", path: "/apis/authentication.k8s.io/v1/tokenreviews", body: { spec } },
          201,
        ),
      ).status;
    assert.equal((await reviewed({ token: text }))?.["authenticated"], true);
    assert.equal((await reviewed({ token: "nonsense" }))?.["authenticated"], undefined);
    const attributes = { namespace: "default", verb: "list", resource: "configmaps" };
    const joe = as(https.issue({ commonName: "joe" }));
    const self = await expect(
      joe,
      {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        body: { spec: { resourceAttributes: attributes } },
      },
      201,
    );
    assert.deepEqual(seen(self).status, { allowed: false });
    const whole = await expect(
      admin,
      {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: { spec: { user: "x", groups: ["system:masters"], resourceAttributes: attributes } },
      },
      201,
    );
    assert.equal(seen(whole).status?.["allowed"], true);
  });

  test("answers about oneself say nothing of the question, other answers say who asked", async () => {
    const { admin } = subject();
    const metadata = { labels: { a: "b" } };
    const ask = async (path: string, body: object) => seen(await expect(admin, { method: "POST", path, body }, 201));
    const self = await ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", { metadata });
    assert.deepEqual(Object.keys(self.metadata), ["creationTimestamp"]);
    const spec = { namespace: "default" };
    const rules = await ask("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", { metadata, spec });
    assert.deepEqual([rules.metadata, rules.spec], [{}, {}]);
    const token = await ask("/apis/authentication.k8s.io/v1/tokenreviews?fieldManager=m", { spec: { token: "a" } });
    assert.deepEqual(
      token.metadata.managedFields?.map(({ manager, operation }) => [manager, operation]),
      [["m", "Update"]],
    );
  });

  test("who may impersonate acts as somebody else, who may not is told", async () => {
    const { admin, https, as } = subject();
    await expect(
      admin,
      { path: configMaps, headers: { "impersonate-user": "nobody" } },
      403,
      forbidden(
        'configmaps is forbidden: User "nobody" cannot list resource "configmaps" in API group "" in the namespace "default"',
        { kind: "configmaps" },
      ),
    );
    const tom = as(https.issue({ commonName: "tom" }));
    await expect(
      tom,
      { path: configMaps, headers: { "impersonate-user": "admin" } },
      403,
      forbidden(
        'configmaps is forbidden: User "tom" cannot impersonate-on:user-info:list resource "configmaps" in API group "" in the namespace "default"',
        { kind: "configmaps" },
      ),
    );
  });
});
