import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../support/api-operations.ts";
import { expect } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type Answer, http2Client } from "../support/http.ts";
import type { Thing } from "../support/typed-client.ts";
import { describeUpstream } from "../support/upstream.ts";

const type = "kubernetes.io/service-account-token";
const nameKey = "kubernetes.io/service-account.name";
const uidKey = "kubernetes.io/service-account.uid";
const lastUsedKey = "kubernetes.io/legacy-token-last-used";

const text = (base64: string): string => Buffer.from(base64, "base64").toString();

/** Rules: pkg/controller/serviceaccount/tokens_controller.go, pkg/serviceaccount/legacy.go; test/integration/serviceaccount. */
describeUpstream("tokens that secrets hold", (use) => {
  /** An account and, before anybody can have seen that, a secret for it. */
  const made = async (): Promise<{ namespace: string; account: Thing }> => {
    const namespace = await use.makeNamespace();
    const account = await use.dynamic("serviceaccounts", namespace).create({ metadata: { name: "robot" } });
    await makeSecret(namespace, "s", { [nameKey]: "robot" });
    return { namespace, account };
  };
  const makeSecret = (namespace: string, name: string, annotations: object): Promise<Thing> =>
    use.dynamic("secrets", namespace).create({ metadata: { name, annotations }, type });
  const filled = (namespace: string, name = "s"): Promise<Thing> =>
    eventually(async () => {
      const secret = await use.dynamic("secrets", namespace).get(name);
      assert.ok(secret["data"]?.token, "it has no token");
      return secret;
    });
  const gone = (namespace: string, name = "s"): Promise<unknown> =>
    eventually(() => isRefused(use.dynamic("secrets", namespace).get(name), 404));
  /** Who the server takes the bearer of this token for. */
  const reviewed = async (token: string, status = 201): Promise<Answer> => {
    const client = http2Client(use.https.port, { ca: use.https.ca, token });
    const body = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
    try {
      const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
      return await expect(client, { method: "POST", path, body }, status);
    } finally {
      client.close();
    }
  };
  const refused = (token: string): Promise<unknown> => eventually(() => reviewed(token, 401));

  test("a secret of an account gets its token, the API server's authority and its namespace", async () => {
    const { namespace, account } = await made();
    const { data, metadata } = await filled(namespace);
    assert.deepEqual(Object.keys(data).sort(), ["ca.crt", "namespace", "token"]);
    assert.equal(text(data["ca.crt"]), use.https.ca);
    assert.equal(text(data.namespace), namespace);
    assert.deepEqual(metadata.annotations, { [nameKey]: "robot", [uidKey]: account.metadata.uid });
    assert.deepEqual(JSON.parse(text(text(data.token).split(".")[1]!)), {
      iss: "kubernetes/serviceaccount",
      "kubernetes.io/serviceaccount/namespace": namespace,
      "kubernetes.io/serviceaccount/secret.name": "s",
      "kubernetes.io/serviceaccount/service-account.name": "robot",
      "kubernetes.io/serviceaccount/service-account.uid": account.metadata.uid,
      sub: `system:serviceaccount:${namespace}:robot`,
    });
  });

  test("the token stands for the account, notes that it is used, and ends with its secret", async () => {
    const { namespace, account } = await made();
    const token = text((await filled(namespace))["data"].token);
    const { json, headers } = await reviewed(token);
    assert.deepEqual((json as { status: { userInfo: object } }).status.userInfo, {
      username: `system:serviceaccount:${namespace}:robot`,
      uid: account.metadata.uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    });
    assert.equal(headers["warning"], undefined);
    const secrets = use.dynamic("secrets", namespace);
    await eventually(async () => assert.ok((await secrets.get("s")).metadata.labels?.[lastUsedKey]));
    assert.equal(text((await filled(namespace))["data"].token), token);
    await secrets.delete("s");
    await refused(token);
  });

  test("a token that is taken out of its secret is no more, and another one is put there", async () => {
    const { namespace } = await made();
    const token = text((await filled(namespace))["data"].token);
    const secrets = use.dynamic("secrets", namespace);
    // Signatures of this kind of key differ each time.
    await secrets.patch("s", "merge", { data: { token: null, "ca.crt": "eA==", more: "eA==" } });
    const { data } = await filled(namespace);
    assert.notEqual(text(data.token), token);
    assert.deepEqual([text(data["ca.crt"]), data.more], [use.https.ca, "eA=="]);
    await refused(token);
    await reviewed(text(data.token));
  });

  test("an account that is deleted takes its tokens along, and nothing else", async () => {
    const { namespace } = await made();
    const token = text((await filled(namespace))["data"].token);
    const secrets = use.dynamic("secrets", namespace);
    await secrets.create({ metadata: { name: "opaque", annotations: { [nameKey]: "robot" } } });
    await makeSecret(namespace, "other", { [nameKey]: "default" });
    await use.dynamic("serviceaccounts", namespace).delete("robot");
    await gone(namespace);
    await refused(token);
    await filled(namespace, "other");
    assert.equal((await secrets.get("opaque"))["data"], undefined);
  });

  test("an account's successor does not inherit its tokens", async () => {
    const { namespace } = await made();
    await filled(namespace);
    const accounts = use.dynamic("serviceaccounts", namespace);
    await accounts.delete("robot");
    const successor = await accounts.create({ metadata: { name: "robot" } });
    await gone(namespace);
    await makeSecret(namespace, "s", { [nameKey]: "robot" });
    assert.equal((await filled(namespace)).metadata.annotations?.[uidKey], successor.metadata.uid);
  });

  test("secrets for an account that there is not, or of another uid, are deleted", async () => {
    const { namespace } = await made();
    await makeSecret(namespace, "unknown", { [nameKey]: "nobody" });
    await makeSecret(namespace, "outdated", { [nameKey]: "robot", [uidKey]: "1" });
    await gone(namespace, "unknown");
    await gone(namespace, "outdated");
    await filled(namespace);
  });

  test("an account that names the secret is warned about it, and forgets the secret once that is gone", async () => {
    const { namespace } = await made();
    const token = text((await filled(namespace))["data"].token);
    const accounts = use.dynamic("serviceaccounts", namespace);
    await accounts.patch("robot", "merge", { secrets: [{ name: "s" }, { name: "other" }] });
    const warned = await eventually(async () => {
      const { warning } = (await reviewed(token)).headers;
      assert.ok(warning);
      return warning;
    });
    assert.match(String(warned), /^299 - "Use tokens from the TokenRequest API or manually created/);
    await use.dynamic("secrets", namespace).delete("s");
    await eventually(async () => assert.deepEqual((await accounts.get("robot"))["secrets"], [{ name: "other" }]));
  });

  test("a token that is marked invalid is refused, the attempt is noted, and without the mark it holds again", async () => {
    const { namespace } = await made();
    const token = text((await filled(namespace))["data"].token);
    const secrets = use.dynamic("secrets", namespace);
    const label = (value: string | null): Promise<Thing> =>
      secrets.patch("s", "merge", { metadata: { labels: { "kubernetes.io/legacy-token-invalid-since": value } } });
    await label("2026-01-01");
    await refused(token);
    await eventually(async () => assert.ok((await secrets.get("s")).metadata.labels?.[lastUsedKey]));
    await label("");
    await eventually(() => reviewed(token));
  });

  test("uses of tokens are counted by where they come from", async () => {
    const { text: shown } = await expect(use.admin, { path: "/metrics" }, 200);
    for (const kind of ["legacy_tokens", "legacy_manual_token_uses", "invalid_legacy_auto_token_uses"]) {
      assert.match(shown, new RegExp(`^serviceaccount_${kind}_total [1-9]`, "m"), kind);
    }
  });

  test("a ConfigMap says since when uses are noted", async () => {
    const name = "kube-apiserver-legacy-service-account-token-tracking";
    const { data } = await use.dynamic("configmaps", "kube-system").get(name);
    assert.match(data.since, /^\d{4}-\d{2}-\d{2}$/);
  });
});
