import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TokenRequestInput } from "../../api/generated/types/authentication-v1.ts";
import { decodeJwt } from "./jwt.ts";
import { openIdDocuments } from "./oidc-discovery.ts";
import { issuer, startMs, testDefinitions, tokenSetUp } from "./test-tokens.ts";
import { completeTokenRequest } from "./token-request.ts";

function setUp() {
  const s = tokenSetUp();
  const complete = (request: TokenRequestInput) =>
    completeTokenRequest(request, { namespace: "red", name: "robot", serviceAccount: s.account() }, s.options, startMs);
  const bind =
    (kind: string, name: string, change: object = {}) =>
    () =>
      s.issuer.issue(complete({ spec: { boundObjectRef: { apiVersion: "v1", kind, name, ...change } } }));
  return { ...s, complete, bind };
}

describe("token requests", () => {
  it("get an hour and the server's audiences where they ask for nothing", () => {
    const { complete, issuer: issue } = setUp();
    const { response, auditAnnotations } = issue.issue(complete({}));
    const claims = decodeJwt(response.status.token)!.claims;
    assert.deepEqual(response.metadata, {
      name: "robot",
      namespace: "red",
      uid: "sa-1",
      creationTimestamp: "2026-05-01T12:00:00Z",
    });
    assert.deepEqual(response.spec, { audiences: [issuer], expirationSeconds: 3600 });
    assert.equal(response.status.expirationTimestamp, "2026-05-01T13:00:00Z");
    assert.deepEqual(
      { ...claims, jti: "" },
      {
        aud: [issuer],
        exp: startMs / 1000 + 3600,
        iat: startMs / 1000,
        iss: issuer,
        jti: "",
        "kubernetes.io": { namespace: "red", serviceaccount: { name: "robot", uid: "sa-1" } },
        nbf: startMs / 1000,
        sub: "system:serviceaccount:red:robot",
      },
    );
    assert.deepEqual(auditAnnotations, { "authentication.kubernetes.io/issued-credential-id": `JTI=${claims["jti"]}` });
  });

  it("are refused outside of ten minutes to 2^32 seconds", () => {
    const { complete } = setUp();
    assert.throws(() => complete({ spec: { expirationSeconds: 599 } }), {
      message:
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    });
    assert.throws(
      () => complete({ spec: { expirationSeconds: 2 ** 32 + 1 } }),
      /may not specify a duration larger than 2\^32 seconds/,
    );
    assert.ok(complete({ spec: { expirationSeconds: 2 ** 32 } }));
  });

  it("must name the service account of the URL, if any", () => {
    const { complete } = setUp();
    assert.throws(() => complete({ metadata: { name: "other" } }), {
      message:
        'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
    });
    assert.throws(() => complete({ metadata: { uid: "sa-0" } }), {
      message:
        'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": the UID in the token request (sa-0) does not match the UID of the service account (sa-1)',
    });
  });

  it("bind to pods, nodes and secrets that exist, with the uid asked for", () => {
    const { bind } = setUp();
    assert.deepEqual(decodeJwt(bind("Node", "n1")().response.status.token)!.claims["kubernetes.io"], {
      namespace: "red",
      node: { name: "n1", uid: "node-1" },
      serviceaccount: { name: "robot", uid: "sa-1" },
    });
    assert.throws(bind("Pod", "gone"), { message: 'pods "gone" not found' });
    assert.throws(bind("Secret", "gone"), { message: 'secrets "gone" not found' });
    assert.throws(bind("Pod", "runner", { uid: "pod-0" }), {
      message:
        'Operation cannot be fulfilled on Pod "runner": the UID in the bound object reference (pod-0) does not match the UID in record. The object might have been deleted and then recreated',
    });
    assert.throws(bind("Deployment", "d", { apiVersion: "apps/v1" }), {
      message: "cannot bind token to object of type apps/v1, Kind=Deployment",
    });
  });

  it("do not bind to another service account's pod", () => {
    const s = setUp();
    s.objects.set(testDefinitions.pod, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: "red", name: "other", uid: "p" },
      spec: { serviceAccountName: "else", containers: [] },
    });
    assert.throws(s.bind("Pod", "other"), {
      message: 'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    });
  });

  it("of a pod's own volume live a year and say when to warn", () => {
    const { complete, issuer: issue } = setUp();
    const spec = { expirationSeconds: 3607, boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "runner" } };
    const { response } = issue.issue(complete({ spec }));
    const {
      exp,
      iat,
      "kubernetes.io": own,
    } = decodeJwt(response.status.token)!.claims as {
      exp: number;
      iat: number;
      "kubernetes.io": { warnafter: number };
    };
    assert.deepEqual([exp - iat, own.warnafter - iat], [31_536_000, 3607]);
    assert.equal(response.status.expirationTimestamp, "2026-05-01T13:00:07Z");
  });
});

describe("OpenID discovery", () => {
  it("publishes the issuer and its keys", () => {
    const { signer } = setUp();
    const [configuration, keys] = openIdDocuments({
      issuer,
      externalAddress: "10.0.0.1:6443",
      keys: [signer.verificationKey],
    });
    assert.equal(
      configuration!.body,
      `{"issuer":"${issuer}","jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256"]}`,
    );
    assert.deepEqual(Object.keys(JSON.parse(keys!.body).keys[0]), ["use", "kty", "kid", "crv", "alg", "x", "y"]);
    assert.equal(keys!.contentType, "application/jwk-set+json");
    assert.throws(() => openIdDocuments({ issuer: "http://x", externalAddress: "x", keys: [] }), {
      message: "issuer URL must use https scheme, got: http://x",
    });
  });
});
