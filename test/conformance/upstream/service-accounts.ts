import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from "node:crypto";
import { test } from "node:test";
import { toPem } from "../../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../../apimachinery/x509/certificate-request.ts";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import { http2Client } from "../../support/http.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

describeUpstream("ServiceAccounts and reviews", (use) => {
  const tokenFor = async (namespace: string, name: string, spec: object = {}): Promise<string> => {
    const accounts = use.typed("serviceaccounts", namespace);
    const request = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: { audiences: [], ...spec },
    };
    const made = await accounts.createBelow(`${name}/token`, request);
    return made["status"].token as string;
  };
  const review = async (token: string): Promise<Thing> =>
    (await use.typed("tokenreviews").create({ metadata: {}, spec: { token } }))["status"];

  test("should run through the lifecycle of a ServiceAccount", async () => {
    const namespace = await use.makeNamespace();
    const accounts = use.typed("serviceaccounts", namespace);
    const labelSelector = "test-serviceaccount-static=true";
    const metadata = { name: "testserviceaccount", labels: { "test-serviceaccount-static": "true" } };
    const created = await accounts.create({ metadata });
    assert.equal((await accounts.get("testserviceaccount")).metadata.uid, created.metadata.uid);
    const watch = await accounts.watch({ labelSelector, timeoutSeconds: 180 });
    await watch.expect("ADDED");
    const body = { metadata: { creationTimestamp: null }, automountServiceAccountToken: false };
    const patched = await accounts.patch("testserviceaccount", "strategic", body);
    assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(created.metadata.resourceVersion));
    assert.equal((await watch.expect("MODIFIED"))["automountServiceAccountToken"], false);
    const { items } = await use.typed("serviceaccounts").list({ labelSelector });
    assert.deepEqual(
      items.map((one) => one["automountServiceAccountToken"]),
      [false],
    );
    await accounts.deleteCollection();
    await watch.expect("DELETED");
    watch.stop();
    // The controller makes the namespace's own anew.
    await eventually(() => accounts.get("default"));
  });

  test("should guarantee kube-root-ca.crt exist in any namespace", async () => {
    const namespace = await use.makeNamespace();
    const configMaps = use.typed("configmaps", namespace);
    const there = (): Promise<void> =>
      eventually(async () => assert.equal((await configMaps.get("kube-root-ca.crt"))["data"]["ca.crt"], use.https.ca));
    await there();
    await configMaps.delete("kube-root-ca.crt");
    await there();
    await configMaps.update({ metadata: { name: "kube-root-ca.crt" }, data: { "ca.crt": "" } } as unknown as Thing);
    await there();
  });

  test("should update a ServiceAccount", async () => {
    const accounts = use.typed("serviceaccounts", await use.makeNamespace());
    const created = await accounts.create({ metadata: { name: "sa" }, automountServiceAccountToken: false });
    assert.equal(created["automountServiceAccountToken"], false);
    const updated = await accounts.change("sa", (draft) =>
      Object.assign(draft, { automountServiceAccountToken: true }),
    );
    assert.equal(updated["automountServiceAccountToken"], true);
  });

  test("should create a serviceAccountToken and ensure a successful TokenReview", async () => {
    const namespace = await use.makeNamespace();
    await use.typed("serviceaccounts", namespace).create({ metadata: { name: "sa" } });
    const { authenticated, error } = await review(await tokenFor(namespace, "sa"));
    assert.deepEqual([authenticated, error], [true, undefined]);
  });

  test("a token of a pod tells its pod and its node", async () => {
    const namespace = await use.makeNamespace();
    const node = await use.typed("nodes").create({ metadata: { name: "node-1" } });
    const pods = use.typed("pods", namespace);
    const containers = [{ name: "test", image: "busybox" }];
    const { metadata } = await pods.create({ metadata: { name: "p" }, spec: { nodeName: "node-1", containers } });
    const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: "p", uid: metadata.uid };
    const status = await review(await tokenFor(namespace, "default", { boundObjectRef }));
    assert.equal(status["user"].username, `system:serviceaccount:${namespace}:default`);
    const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
    assert.deepEqual(status["user"].groups, groups);
    const { "authentication.kubernetes.io/credential-id": credential, ...extra } = status["user"].extra;
    assert.match(credential[0], /^JTI=/);
    assert.deepEqual(extra, {
      "authentication.kubernetes.io/node-name": ["node-1"],
      "authentication.kubernetes.io/node-uid": [node.metadata.uid],
      "authentication.kubernetes.io/pod-name": ["p"],
      "authentication.kubernetes.io/pod-uid": [metadata.uid],
    });
  });

  test("should allow opting out of API token automount", async () => {
    const namespace = await use.makeNamespace();
    const accounts = use.typed("serviceaccounts", namespace);
    await accounts.create({ metadata: { name: "mount" }, automountServiceAccountToken: true });
    await accounts.create({ metadata: { name: "nomount" }, automountServiceAccountToken: false });
    const pods = use.typed("pods", namespace);
    for (const [account, ofAccount] of [
      ["default", true],
      ["mount", true],
      ["nomount", false],
    ] as const) {
      for (const ofPod of [undefined, true, false]) {
        const spec = { containers: [{ name: "token-test", image: "agnhost" }], serviceAccountName: account };
        const metadata = { name: `pod-${account}-${ofPod}` };
        const automount = ofPod === undefined ? {} : { automountServiceAccountToken: ofPod };
        const pod = await pods.create({ metadata, spec: { ...spec, ...automount } });
        const mounts = (pod["spec"].containers[0].volumeMounts ?? []) as readonly { mountPath: string }[];
        const isMounted = mounts.some(({ mountPath }) => mountPath === tokenPath);
        assert.equal(isMounted, ofPod ?? ofAccount, metadata.name);
      }
    }
  });

  test("ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer", async () => {
    const namespace = await use.makeNamespace();
    await use.typed("clusterrolebindings").create({
      metadata: { name: `${namespace}-discovery` },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace }],
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:service-account-issuer-discovery",
      },
    });
    const own = http2Client(use.https.port, { ca: use.https.ca, token: await tokenFor(namespace, "default") });
    const token = await tokenFor(namespace, "default", { audiences: ["oidc-discovery-test"], expirationSeconds: 600 });
    const [header, claims, signature] = token.split(".") as [string, string, string];
    const { iss, aud } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iss: string; aud: string[] };
    const configuration = await own.call({ path: "/.well-known/openid-configuration" });
    const { issuer, jwks_uri, ...rest } = configuration.json as Record<string, string>;
    assert.deepEqual([issuer, aud], [iss, ["oidc-discovery-test"]]);
    assert.deepEqual(Object.keys(rest).sort(), [
      "id_token_signing_alg_values_supported",
      "response_types_supported",
      "subject_types_supported",
    ]);
    const { pathname } = new URL(jwks_uri!);
    const answer = await own.call({ path: pathname });
    assert.equal(answer.headers["content-type"], "application/jwk-set+json");
    const { kid } = JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string };
    const { keys } = answer.json as { keys: readonly (JsonWebKey & { kid: string })[] };
    const key = createPublicKey({ key: keys.find((one) => one.kid === kid)!, format: "jwk" });
    const signed = Buffer.from(`${header}.${claims}`);
    const signatureBytes = Buffer.from(signature, "base64url");
    assert.ok(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signatureBytes));
    own.close();
  });

  test("should support SubjectReview API operations", async () => {
    const namespace = await use.makeNamespace();
    const { uid } = (await use.typed("serviceaccounts", namespace).create({ metadata: { name: "e2e" } })).metadata;
    const user = `system:serviceaccount:${namespace}:e2e`;
    const groups = ["system:authenticated", "system:serviceaccounts", `system:serviceaccounts:${namespace}`];
    const resourceAttributes = { verb: "list", resource: "configmaps", namespace, version: "v1" };
    const isAllowed = async (resource: string, name: string): Promise<boolean> => {
      const reviews = use.typed(resource, resource.startsWith("local") ? namespace : "");
      const metadata = resource.startsWith("local") ? { namespace } : {};
      return (await reviews.create({ metadata, spec: { resourceAttributes, user: name, groups, uid } }))["status"]
        .allowed;
    };
    const impersonate = { "impersonate-user": user, "impersonate-uid": uid, "impersonate-group": groups };
    const actual = async (): Promise<number> =>
      (await use.admin.call({ path: use.typed("configmaps", namespace).path, headers: impersonate })).status;
    assert.deepEqual([await isAllowed("subjectaccessreviews", user), await actual()], [false, 403]);
    assert.equal(await isAllowed("localsubjectaccessreviews", "e2e"), false);
    await use.typed("rolebindings", namespace).create({
      metadata: { name: "view" },
      subjects: [{ kind: "ServiceAccount", name: "e2e", namespace }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    });
    assert.deepEqual([await isAllowed("subjectaccessreviews", user), await actual()], [true, 200]);
    assert.equal(await isAllowed("localsubjectaccessreviews", user), true);
  });

  test("should support SelfSubjectReview API operations", async () => {
    const headers = {
      "impersonate-user": "jane.doe",
      "impersonate-uid": "uniq-id",
      "impersonate-group": ["system:authenticated", "developers"],
      "impersonate-extra-my-extra": ["test-extra"],
    };
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
      metadata: { creationTimestamp: null },
      status: { userInfo: {} },
    };
    const answer = await use.admin.call({ method: "POST", path: use.typed("selfsubjectreviews").path, headers, body });
    assert.equal(answer.status, 201);
    assert.deepEqual((answer.json as Thing)["status"].userInfo, {
      username: "jane.doe",
      uid: "uniq-id",
      groups: ["system:authenticated", "developers"],
      extra: { "my-extra": ["test-extra"] },
    });
  });

  test("should support CSR API operations", async () => {
    const requests = use.typed("certificatesigningrequests");
    const signerName = "example.com/e2e";
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = toPem("CERTIFICATE REQUEST", createCertificateRequest({ commonName: "e2e.example.com" }, privateKey));
    const spec = {
      request: Buffer.from(pem).toString("base64"),
      signerName,
      expirationSeconds: 3_600,
      usages: ["digital signature", "key encipherment", "server auth"],
    };
    const make = (): Promise<Thing> => requests.create({ metadata: { generateName: "e2e-example-csr-" }, spec });
    await make();
    await make();
    const { name, uid } = (await make()).metadata;
    assert.equal((await requests.get(name))["spec"].expirationSeconds, 3_600);
    const own = { fieldSelector: `spec.signerName=${signerName}` };
    const list = await requests.list(own);
    assert.equal(list.items.length, 3);
    const { resourceVersion } = list.metadata;
    const watch = await requests.watch({ resourceVersion, fieldSelector: `metadata.name=${name}` });
    const patched = await requests.patch(name, "merge", { metadata: { annotations: { patched: "true" } } });
    const updated = await requests.update({
      ...patched,
      metadata: { ...patched.metadata, annotations: { patched: "true", updated: "true" } },
    } as Thing);
    assert.equal(updated.metadata.annotations?.["updated"], "true");
    assert.equal((await watch.expect("MODIFIED")).metadata.annotations?.["patched"], "true");
    watch.stop();
    for (const below of ["approval", "status"]) {
      const read = await use.dynamic("certificatesigningrequests").get(`${name}/${below}`);
      assert.deepEqual([read.kind, read.metadata.uid], ["CertificateSigningRequest", uid]);
    }
    const annotated = (annotation: string, status: object): object => ({
      metadata: { annotations: { [annotation]: "true" } },
      status,
    });
    const conditions = [{ type: "ApprovalPatch", status: "True", reason: "e2e" }];
    const approval = await requests.patch(name, "merge", annotated("patchedapproval", { conditions }), {
      subresource: "approval",
    });
    assert.deepEqual(
      approval["status"].conditions.map(({ type }: Thing) => type),
      ["ApprovalPatch"],
    );
    assert.equal(approval.metadata.annotations?.["patchedapproval"], "true");
    const approve = { type: "Approved", status: "True", reason: "E2E", message: "Set from an e2e test" };
    const approved = await requests.change(name, ({ status }) => void status.conditions.push(approve), "approval");
    assert.deepEqual(
      approved["status"].conditions.map(({ type }: Thing) => type),
      ["ApprovalPatch", "Approved"],
    );
    const certificate = Buffer.from(use.https.ca).toString("base64");
    const signed = await requests.patch(name, "merge", annotated("patchedstatus", { certificate }), {
      subresource: "status",
    });
    assert.equal(signed["status"].certificate, certificate);
    assert.equal(signed.metadata.annotations?.["patchedstatus"], "true");
    const more = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from an e2e test" };
    const told = await requests.change(name, ({ status }) => void status.conditions.push(more), "status");
    assert.equal(told["status"].conditions.at(-1).type, "StatusUpdate");
    await requests.delete(name);
    await isRefused(requests.get(name), 404);
    assert.equal((await requests.list(own)).items.length, 2);
    await requests.deleteCollection(own);
    assert.deepEqual((await requests.list(own)).items, []);
  });
});
