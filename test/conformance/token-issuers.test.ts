import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { JwtSigner } from "../../apiserver/authentication/jwt.ts";
import { expect } from "../support/conformance.ts";
import type { Thing } from "../support/typed-client.ts";
import { describeUpstream } from "../support/upstream.ts";

const signingKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const former = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as Record<string, unknown>;

/** Flags of kube-apiserver: --service-account-issuer and its siblings; test/integration/auth/svcaccttoken_test.go. */
describeUpstream(
  "tokens of several issuers",
  (use) => {
    const request = async (namespace: string, spec: object) =>
      expect(
        use.admin,
        {
          method: "POST",
          path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
          body: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", spec },
        },
        201,
      );
    const review = async (token: string): Promise<{ authenticated?: boolean; audiences?: string[] }> => {
      const body = { kind: "TokenReview", apiVersion: "authentication.k8s.io/v1", spec: { token } };
      const path = "/apis/authentication.k8s.io/v1/tokenreviews";
      const { json } = await expect(use.admin, { method: "POST", path, body }, 201);
      return (json as Thing)["status"];
    };

    test("the first issuer signs, and tokens of all and of former keys are accepted", async () => {
      const namespace = await use.makeNamespace();
      const { json } = await request(namespace, {});
      const { token } = (json as Thing)["status"];
      const claims = claimsOf(token);
      assert.deepEqual([claims["iss"], claims["aud"]], ["https://new", ["api"]]);
      assert.equal((await review(token)).authenticated, true);
      const old = new JwtSigner(former).sign({ ...claims, iss: "https://old" });
      assert.equal((await review(old)).authenticated, true);
      const foreign = new JwtSigner(former).sign({ ...claims, iss: "https://other" });
      assert.notEqual((await review(foreign)).authenticated, true);
      const elsewhere = new JwtSigner(former).sign({ ...claims, aud: ["https://new"] });
      assert.notEqual((await review(elsewhere)).authenticated, true);
    });

    test("a lifetime beyond the limit is shortened, with a warning; pods' own tokens are not", async () => {
      const namespace = await use.makeNamespace();
      const { json, headers } = await request(namespace, { expirationSeconds: 36_000 });
      assert.equal((json as Thing)["spec"].expirationSeconds, 7_200);
      assert.equal(
        String(headers["warning"]),
        '299 - "requested expiration of 36000 seconds shortened to 7200 seconds"',
      );
      const pod = await use.typed("pods", namespace).create({
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", image: "i" }] },
      });
      const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: "p", uid: pod.metadata.uid };
      const bound = (await request(namespace, { expirationSeconds: 3_607, boundObjectRef })).json as Thing;
      const { exp, iat } = claimsOf(bound["status"].token);
      assert.equal(Number(exp) - Number(iat), 365 * 86_400);
    });

    test("others are told of all keys, and where they are", async () => {
      const configuration = (await expect(use.admin, { path: "/.well-known/openid-configuration" }, 200)).json as Thing;
      assert.deepEqual([configuration["issuer"], configuration["jwks_uri"]], ["https://new", "https://keys/jwks"]);
      const { keys } = (await expect(use.admin, { path: "/openid/v1/jwks" }, 200)).json as { keys: object[] };
      assert.equal(keys.length, 2);
    });
  },
  {
    access: {
      serviceAccounts: {
        issuer: "https://new",
        otherIssuers: ["https://old"],
        signingKey,
        otherKeys: [createPublicKey(former)],
        audiences: ["api"],
        maxExpirationSeconds: 7_200,
        keysUrl: "https://keys/jwks",
      },
    },
  },
);
