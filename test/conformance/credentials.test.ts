import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, onBothProtocols, seen } from "../support/conformance.ts";
import type { HeaderFields, HttpClient } from "../support/http.ts";

// Behaviour: plugin/pkg/auth/authenticator/token/bootstrap, apiserver/pkg/authentication/request/headerrequest,
// pkg/registry/rbac, test/integration/auth (bootstraptoken, requestheader, rbac).

const reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const secrets = "/api/v1/namespaces/kube-system/secrets";
const unauthorized = failure(401, "Unauthorized", "Unauthorized");

/** Who the server takes the client for. */
async function whoAmI(client: HttpClient, headers: HeaderFields = {}): Promise<object> {
  const body = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
  const answer = seen(await expect(client, { method: "POST", path: reviews, headers, body }, 201));
  return (answer.status as { userInfo: object }).userInfo;
}

onBothProtocols("credentials", (subject) => {
  test("a bootstrap token is a user of its own while its secret says so", async () => {
    const { admin, as, https } = subject();
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const make = async (id: string, more: object = {}, type = "bootstrap.kubernetes.io/token") => {
      const stringData = {
        "token-id": id,
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        expiration: inAnHour,
        ...more,
      };
      const body = { metadata: { name: `bootstrap-token-${id}` }, type, stringData };
      await expect(admin, { method: "POST", path: secrets, body }, 201);
      return as({ ca: https.ca, token: `${id}.0123456789abcdef` });
    };
    const joining = await make("joinin", { "auth-extra-groups": "system:bootstrappers:kubeadm" });
    assert.deepEqual(await whoAmI(joining), {
      username: "system:bootstrap:joinin",
      groups: ["system:bootstrappers", "system:bootstrappers:kubeadm", "system:authenticated"],
    });
    const refused = [
      await make("expird", { expiration: "2020-01-01T00:00:00Z" }),
      await make("unused", { "usage-bootstrap-authentication": "false" }),
      await make("groups", { "auth-extra-groups": "system:masters" }),
      await make("opaque", {}, "Opaque"),
      as({ ca: https.ca, token: "joinin.fedcba9876543210" }),
      as({ ca: https.ca, token: "absent.0123456789abcdef" }),
    ];
    for (const client of refused) await expect(client, { path: "/api" }, 401, unauthorized);
    await expect(admin, { method: "DELETE", path: `${secrets}/bootstrap-token-joinin` }, 200);
    await expect(joining, { path: "/api" }, 401, unauthorized);
  });

  test("a front proxy says in headers who asks; nobody else is believed", async () => {
    const { as, https } = subject();
    const headers = {
      "x-remote-user": "ann",
      "x-remote-group": ["devs", "ops"],
      "x-remote-extra-acme.com%2fproject": "some-project",
    };
    assert.deepEqual(await whoAmI(as(https.frontProxy), headers), {
      username: "ann",
      groups: ["devs", "ops", "system:authenticated"],
      extra: { "acme.com/project": ["some-project"] },
    });
    const jane = as(https.issue({ commonName: "jane" }));
    const { username } = (await whoAmI(jane, headers)) as { username: string };
    assert.equal(username, "jane");
    await expect(as({ ca: https.ca }), { path: "/api/v1/nodes", headers }, 403);
  });

  test("nobody binds or gives more than they have, but who may bind or escalate", async () => {
    const { admin, as, https } = subject();
    const jane = as(https.issue({ commonName: "jane" }));
    const make = (client: HttpClient, resource: string, body: object, code = 201) =>
      expect(client, { method: "POST", path: `${rbac}/${resource}`, body }, code);
    const user = (name: string) => [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }];
    const binding = (name: string, role: string) => ({
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: user("jane"),
    });
    const role = (name: string, resources: string[], verbs: string[], more: object = {}) => ({
      metadata: { name },
      rules: [{ apiGroups: ["rbac.authorization.k8s.io", ""], resources, verbs, ...more }],
    });
    await make(admin, "clusterroles", role("makes-roles", ["clusterroles", "clusterrolebindings"], ["create"]));
    await make(admin, "clusterrolebindings", binding("jane-makes-roles", "makes-roles"));
    await make(admin, "clusterroles", role("reads-secrets", ["secrets"], ["get"]));

    const denied = seen(await make(jane, "clusterrolebindings", binding("more", "reads-secrets"), 403));
    assert.equal(
      denied.message,
      'clusterrolebindings.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}\n{APIGroups:["rbac.authorization.k8s.io"], Resources:["secrets"], Verbs:["get"]}',
    );
    await make(admin, "clusterroles", role("binds", ["clusterroles"], ["bind"], { resourceNames: ["reads-secrets"] }));
    await make(admin, "clusterrolebindings", binding("jane-binds", "binds"));
    await make(jane, "clusterrolebindings", binding("more", "reads-secrets"));
    await make(jane, "clusterrolebindings", binding("most", "cluster-admin"), 403);

    const writes = role("writes-secrets", ["secrets"], ["update"]);
    await make(jane, "clusterroles", writes, 403);
    await make(admin, "clusterroles", role("escalates", ["clusterroles"], ["escalate"]));
    await make(admin, "clusterrolebindings", binding("jane-escalates", "escalates"));
    await make(jane, "clusterroles", writes);
  });
});
