import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { JwtSigner } from "./jwt.ts";
import { writeClaims, writeLegacyClaims } from "./service-account-claims.ts";
import { audiences, issuer, startMs, testDefinitions, tokenSetUp } from "./test-tokens.ts";
import { ownTokenKeys } from "./token-keys.ts";
import { completeTokenRequest } from "./token-request.ts";

type SetUp = ReturnType<typeof tokenSetUp>;

function podToken({ issuer: issue, options, account }: SetUp, expirationSeconds = 3600): string {
  const spec = { expirationSeconds, boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "runner", uid: "pod-1" } };
  const request = completeTokenRequest(
    { spec },
    { namespace: "red", name: "robot", serviceAccount: account() },
    options,
    startMs,
  );
  return issue.issue(request).response.status.token;
}

describe("bound service account tokens", () => {
  it("stand for the service account, its groups, the pod, the node and the credential", () => {
    const s = tokenSetUp();
    const { response } = s.issuer.issue(
      completeTokenRequest(
        { spec: { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "runner" } } },
        { namespace: "red", name: "robot", serviceAccount: s.account() },
        s.options,
        startMs,
      ),
    );
    const found = s.authenticator.authenticateToken(response.status.token)!;
    const credential = found.user.extra!["authentication.kubernetes.io/credential-id"]!;
    assert.match(credential[0]!, /^JTI=[0-9a-f-]{36}$/);
    assert.deepEqual(found, {
      user: {
        username: "system:serviceaccount:red:robot",
        uid: "sa-1",
        groups: ["system:serviceaccounts", "system:serviceaccounts:red"],
        extra: {
          "authentication.kubernetes.io/pod-name": ["runner"],
          "authentication.kubernetes.io/pod-uid": ["pod-1"],
          "authentication.kubernetes.io/node-name": ["n1"],
          "authentication.kubernetes.io/node-uid": ["node-1"],
          "authentication.kubernetes.io/credential-id": credential,
        },
      },
      audiences,
    });
  });

  it("are signed with RS256 by an RSA key and found by any of several keys where the token names none", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const signer = new JwtSigner(rsa);
    const s = tokenSetUp();
    const both = tokenSetUp({ keys: ownTokenKeys(s.signingKey, [rsa]) });
    const claims = writeClaims({
      issuer,
      subject: "system:serviceaccount:red:robot",
      audiences,
      id: "",
      namespace: "red",
      serviceAccount: { name: "robot", uid: "sa-1" },
    });
    assert.equal(
      both.authenticator.authenticateToken(signer.sign(claims))?.user.username,
      "system:serviceaccount:red:robot",
    );
    assert.throws(() => s.authenticator.authenticateToken(signer.sign(claims)), {
      message: "invalid signature, no keys found",
    });
  });

  it("expire, with a minute of leeway, even when remembered", async () => {
    const s = tokenSetUp();
    const token = podToken(s, 600);
    await s.clock.advance(659_000);
    assert.ok(s.authenticator.authenticateToken(token));
    await s.clock.advance(2_000);
    assert.throws(() => s.authenticator.authenticateToken(token), { message: "service account token has expired" });
  });

  it("are not good before their time", () => {
    const s = tokenSetUp();
    const claims = {
      issuer,
      subject: "x",
      audiences,
      id: "",
      namespace: "red",
      serviceAccount: { name: "robot", uid: "sa-1" },
    };
    const at = startMs / 1000 + 61;
    assert.throws(() => s.authenticator.authenticateToken(s.signer.sign(writeClaims({ ...claims, notBefore: at }))), {
      message: "service account token is not valid yet",
    });
    assert.throws(() => s.authenticator.authenticateToken(s.signer.sign(writeClaims({ ...claims, issuedAt: at }))), {
      message: "service account token is issued in the future",
    });
    assert.ok(s.authenticator.authenticateToken(s.signer.sign(writeClaims({ ...claims, notBefore: at - 2 }))));
  });

  it("die with the pod, the service account or another of the same name", async () => {
    const s = tokenSetUp();
    const token = podToken(s);
    const pod = s.objects.get(testDefinitions.pod, "red", "runner")!;
    const refused = (message: string) => assert.throws(() => s.authenticator.authenticateToken(token), { message });

    const deleted = (ms: number) => ({
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: new Date(ms).toISOString() },
    });
    s.objects.set(testDefinitions.pod, deleted(startMs - 59_000));
    assert.ok(s.authenticator.authenticateToken(token));
    s.objects.set(testDefinitions.pod, deleted(startMs - 61_000));
    refused("service account token has been invalidated");
    s.objects.set(testDefinitions.pod, { ...pod, metadata: { ...pod.metadata, uid: "pod-2" } });
    refused("pod UID (pod-2) does not match service account pod ref claim (pod-1)");
    await s.objects.delete(testDefinitions.pod, "red", "runner");
    refused("service account token has been invalidated");
    s.objects.set(testDefinitions.pod, pod);
    assert.ok(s.authenticator.authenticateToken(token));

    const account = s.account()!;
    s.objects.set(testDefinitions.serviceAccount, { ...account, metadata: { ...account.metadata, uid: "sa-2" } });
    refused("service account UID (sa-2) does not match claim (sa-1)");
    await s.objects.delete(testDefinitions.serviceAccount, "red", "robot");
    refused('serviceaccounts "robot" not found');
  });

  it("are good for their audiences only", () => {
    const s = tokenSetUp();
    const request = completeTokenRequest(
      { spec: { audiences: ["vault", "x"] } },
      { namespace: "red", name: "robot", serviceAccount: s.account() },
      s.options,
      startMs,
    );
    const { token } = s.issuer.issue(request).response.status;
    assert.deepEqual(s.authenticator.authenticateToken(token, ["vault", "y"])?.audiences, ["vault"]);
    assert.throws(() => s.authenticator.authenticateToken(token), {
      message: `token audiences ["vault" "x"] is invalid for the target audiences ["${issuer}"]`,
    });
  });

  it("note in the audit log that an extended token should have been renewed", async () => {
    const s = tokenSetUp();
    const token = podToken(s, 3607);
    assert.equal(s.authenticator.authenticateToken(token)?.auditAnnotations, undefined);
    await s.clock.advance(3_617_000);
    assert.deepEqual(s.authenticator.authenticateToken(token)?.auditAnnotations, {
      "authentication.k8s.io/stale-token":
        "subject: system:serviceaccount:red:robot, seconds after warning threshold: 10",
    });
  });

  it("are not recognized when they come from another issuer, and never when any bit of them is changed", () => {
    const s = tokenSetUp();
    const token = podToken(s);
    const foreign = tokenSetUp({ issuers: ["https://elsewhere"] });
    assert.equal(foreign.authenticator.authenticateToken(token), undefined);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(..."ABCxyz019-_."), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        // The last character of the signature carries padding bits that mean nothing.
        fc.pre(changed !== token && at !== token.length - 1);
        try {
          assert.equal(s.authenticator.authenticateToken(changed), undefined);
        } catch (error) {
          assert.match((error as Error).message, /error in cryptographic primitive|invalid signature, no keys found/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("survive any text as a token", () => {
    const s = tokenSetUp();
    const token = podToken(s);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.nat(token.length).map((n) => token.slice(0, n)),
          fc.array(fc.base64String(), { maxLength: 4 }).map((parts) => parts.join(".")),
        ),
        (text) => {
          fc.pre(text !== token);
          try {
            assert.equal(s.authenticator.authenticateToken(text.slice(0, token.length - 2)), undefined);
          } catch (error) {
            assert.equal((error as Error).message, "go-jose/go-jose: error in cryptographic primitive");
          }
        },
      ),
    );
  });

  it("are refused with `none` or another algorithm than the key's", () => {
    const s = tokenSetUp();
    const [, body, signature] = podToken(s).split(".");
    for (const alg of ["none", "HS256", "RS256"]) {
      const header = Buffer.from(JSON.stringify({ alg })).toString("base64url");
      assert.throws(() => s.authenticator.authenticateToken(`${header}.${body}.${signature}`), {
        message: "go-jose/go-jose: error in cryptographic primitive",
      });
    }
  });
});

describe("tokens of secrets", () => {
  const claims = {
    subject: "system:serviceaccount:red:robot",
    namespace: "red",
    secretName: "robot-token",
    serviceAccountName: "robot",
    serviceAccountUid: "sa-1",
  };
  function setUp(labels: Record<string, string> = {}) {
    const used: string[] = [];
    const s = tokenSetUp({ onLegacyTokenUsed: (secret, day) => used.push(`${secret.metadata.name} ${day}`) });
    const token = s.signer.sign(writeLegacyClaims(claims));
    const secret = (text: string) =>
      s.objects.set(testDefinitions.secret, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { namespace: "red", name: "robot-token", labels },
        data: { token: Buffer.from(text).toString("base64") },
      });
    secret(token);
    return { ...s, token, secret, used };
  }

  it("hold as long as the secret does, and tell that they were used", () => {
    const { authenticator, token, used } = setUp();
    assert.deepEqual(authenticator.authenticateToken(token), {
      user: {
        username: "system:serviceaccount:red:robot",
        uid: "sa-1",
        groups: ["system:serviceaccounts", "system:serviceaccounts:red"],
      },
      auditAnnotations: {
        "authentication.k8s.io/legacy-token": "system:serviceaccount:red:robot",
        "authentication.k8s.io/legacy-token-manual-secret": "robot-token",
      },
      audiences,
    });
    assert.deepEqual(used, ["robot-token 2026-05-01"]);
  });

  it("are refused once the secret has gone, holds another token or is marked invalid", async () => {
    const { authenticator, token, secret, objects } = setUp();
    secret("other");
    assert.throws(() => authenticator.authenticateToken(token), { message: "Token does not match server's copy" });
    await objects.delete(testDefinitions.secret, "red", "robot-token");
    assert.throws(() => authenticator.authenticateToken(token), { message: "Token has been invalidated" });
    const marked = setUp({ "kubernetes.io/legacy-token-invalid-since": "2026-01-01" });
    assert.throws(
      () => marked.authenticator.authenticateToken(marked.token),
      /^InvalidatedTokenError: the token in secret red\/robot-token for service account red\/robot has been marked invalid\./,
    );
    assert.deepEqual(marked.used, ["robot-token 2026-05-01"], "that it was tried is noted");
  });

  it("must say all that they are for", () => {
    const { authenticator, signer } = setUp();
    const refused = (change: object, message: string) =>
      assert.throws(() => authenticator.authenticateToken(signer.sign(writeLegacyClaims({ ...claims, ...change }))), {
        message,
      });
    refused({ subject: "" }, "sub claim is missing");
    refused({ namespace: "" }, "namespace claim is missing");
    refused({ secretName: "" }, "secretName claim is missing");
    refused({ serviceAccountName: "" }, "serviceAccountName claim is missing");
    refused({ serviceAccountUid: "" }, "serviceAccountUID claim is missing");
    refused({ subject: "system:serviceaccount:blue:robot" }, "sub claim is invalid");
  });
});
