import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Secret } from "../../api/generated/types/core-v1.ts";
import type { Authenticator, TokenAuthenticator } from "./authenticator.ts";
import {
  BearerAuthenticator,
  bearerProtocol,
  bearerToken,
  WebSocketBearerAuthenticator,
  withoutBearerProtocol,
} from "./bearer.ts";
import { bootstrapUser } from "./bootstrap-token.ts";
import { RequestAuthentication, unionTokens } from "./chain.ts";
import { requestHeaderUser } from "./request-header.ts";
import { testRequest } from "./test-request.ts";
import { evaluateTokenReview } from "./token-review.ts";

const ann = { user: { username: "ann", groups: ["dev"] } };
const tokens: TokenAuthenticator = {
  name: "test",
  authenticateToken: (token) => {
    if (token === "bad") throw new Error("token is bad");
    return token === "good" ? ann : undefined;
  },
};

function chain(anonymous: boolean | readonly string[] = true, ...more: readonly Authenticator[]) {
  return new RequestAuthentication({
    authenticators: [...more, new BearerAuthenticator(tokens), new WebSocketBearerAuthenticator(tokens)],
    anonymous,
    audiences: ["api"],
  });
}

describe("request authentication", () => {
  it("adds system:authenticated to whom it recognizes, and is the same user object each time", () => {
    const ask = () => chain().authenticate(testRequest({ authorization: "Bearer good" }));
    const found = ask() as typeof ann;
    assert.deepEqual(found.user, { username: "ann", groups: ["dev", "system:authenticated"] });
    assert.equal((ask() as typeof ann).user, found.user);
  });

  it("takes nobody with a bad credential for anonymous", () => {
    assert.throws(() => chain().authenticate(testRequest({ authorization: "Bearer bad" })), {
      message: "token is bad",
    });
    assert.throws(() => chain().authenticate(testRequest({ authorization: "Bearer what" })), {
      message: "invalid bearer token",
    });
    const failing: Authenticator = { name: "f", authenticate: () => Promise.reject(new Error("certificate is bad")) };
    return assert.rejects(async () => chain(true, failing).authenticate(testRequest({ authorization: "Bearer bad" })), {
      message: "[certificate is bad, token is bad]",
    });
  });

  it("lets a good credential make up for a bad one", async () => {
    const failing: Authenticator = { name: "f", authenticate: () => Promise.reject(new Error("certificate is bad")) };
    assert.equal(
      (await chain(true, failing).authenticate(testRequest({ authorization: "Bearer good" })))?.user.username,
      "ann",
    );
  });

  it("knows anonymous requests where they are allowed", () => {
    const anonymous = { user: { username: "system:anonymous", groups: ["system:unauthenticated"] } };
    assert.deepEqual(chain(true).authenticate(testRequest()), anonymous);
    assert.equal(chain(false).authenticate(testRequest()), undefined);
    assert.deepEqual(chain(["/livez"]).authenticate(testRequest({}, { path: "/livez" })), anonymous);
    assert.equal(chain(["/livez"]).authenticate(testRequest({}, { path: "/livez/x" })), undefined);
  });

  it("refuses a credential for other audiences and believes a caller in this process", () => {
    const other: Authenticator = { name: "o", authenticate: () => ({ ...ann, audiences: ["vault"] }) };
    assert.throws(() => chain(true, other).authenticate(testRequest()), {
      message: 'unable to match the audience: ["vault"] , accepted: ["api"]',
    });
    const trustedUser = { username: "system:apiserver", groups: ["system:masters"] };
    assert.deepEqual(chain(true, other).authenticate(testRequest({}, { trustedUser })), { user: trustedUser });
  });
});

describe("bearer tokens", () => {
  it("are read as upstream reads them", () => {
    assert.deepEqual(["Bearer a", "bearer  a", "Bearer a b", "Bearer", "Basic a", "", undefined].map(bearerToken), [
      { token: "a" },
      { warning: "the provided Authorization header contains extra space before the bearer token, and is ignored" },
      { token: "a" },
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("may come as a WebSocket subprotocol beside another", () => {
    const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from("good").toString("base64url")}`;
    const request = testRequest({ upgrade: "websocket", "sec-websocket-protocol": `v5.channel.k8s.io, ${protocol}` });
    assert.equal((chain(false).authenticate(request) as typeof ann).user.username, "ann");
    assert.equal(withoutBearerProtocol(`v5.channel.k8s.io, ${protocol}`), "v5.channel.k8s.io");
    assert.throws(() => bearerProtocol(protocol), { message: "missing additional subprotocol" });
    assert.throws(() => bearerProtocol(`${protocol},${protocol},x`), {
      message: "multiple base64.bearer.authorization tokens specified",
    });
    assert.throws(() => bearerProtocol("base64url.bearer.authorization.k8s.io.a,x"), {
      message: "invalid base64.bearer.authorization token encoding",
    });
    assert.throws(() => bearerProtocol("base64url.bearer.authorization.k8s.io._w,x"), {
      message: "invalid base64.bearer.authorization token",
    });
    assert.equal(bearerProtocol("x, y"), undefined);
  });

  it("never throw anything but the known words, whatever the header", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, encoded) => {
        bearerToken(text);
        try {
          bearerProtocol(`${text},base64url.bearer.authorization.k8s.io.${encoded}`);
        } catch (error) {
          assert.match((error as Error).message, /base64\.bearer\.authorization token|missing additional subprotocol/);
        }
      }),
    );
  });

  it("are asked of each kind in order", async () => {
    const late: TokenAuthenticator = {
      name: "late",
      authenticateToken: async (token) => (token === "bad" ? ann : undefined),
    };
    assert.equal((await unionTokens(tokens, late).authenticateToken("bad"))?.user.username, "ann");
    assert.equal(await unionTokens(tokens, late).authenticateToken("unknown"), undefined);
  });
});

describe("TokenReview", () => {
  it("says who, for which audiences, or why not", async () => {
    const review = (spec: { token?: string; audiences?: string[] }) => evaluateTokenReview(spec, tokens, ["api"]);
    assert.deepEqual(await review({ token: "good" }), {
      authenticated: true,
      user: { username: "ann", groups: ["dev", "system:authenticated"] },
      audiences: ["api"],
    });
    assert.deepEqual(await review({ token: "bad" }), { user: {}, error: "token is bad" });
    assert.deepEqual(await review({ token: "good", audiences: ["vault"] }), {
      user: {},
      error: "invalid bearer token",
    });
    await assert.rejects(review({}), { message: "token is required for TokenReview in authentication" });
  });
});

describe("bootstrap tokens", () => {
  const now = Date.parse("2026-05-01T12:00:00Z");
  const secret = (change: Record<string, string | undefined> = {}, type = "bootstrap.kubernetes.io/token"): Secret => {
    const data = {
      "token-id": "abcdef",
      "token-secret": "0123456789abcdef",
      "usage-bootstrap-authentication": "true",
      ...change,
    };
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
      type,
      data: Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value ?? "").toString("base64")]),
      ),
    };
  };
  const user = (from: Secret) => bootstrapUser(from, "abcdef", "0123456789abcdef", now)?.user;

  it("stand for a bootstrap user and its groups", () => {
    assert.deepEqual(user(secret()), { username: "system:bootstrap:abcdef", groups: ["system:bootstrappers"] });
    assert.deepEqual(
      user(secret({ "auth-extra-groups": "system:bootstrappers:z,system:bootstrappers:kubeadm:default-node-token" }))
        ?.groups,
      ["system:bootstrappers", "system:bootstrappers:kubeadm:default-node-token", "system:bootstrappers:z"],
    );
  });

  it("mean nothing when expired, of another use, type or secret, or with foreign groups", () => {
    assert.ok(user(secret({ expiration: "2026-05-01T12:00:01Z" })));
    for (const change of [
      { expiration: "2026-05-01T12:00:00Z" },
      { expiration: "soon" },
      { "usage-bootstrap-authentication": "" },
      { "token-secret": "0123456789abcdeX" },
      { "token-id": "abcdeg" },
      { "auth-extra-groups": "system:masters" },
    ]) {
      assert.equal(user(secret(change)), undefined, JSON.stringify(change));
    }
    assert.equal(user(secret({}, "Opaque")), undefined);
  });
});

describe("front proxy headers", () => {
  it("name the user, its groups and extras, keys decoded", () => {
    assert.deepEqual(
      requestHeaderUser([
        ["X-Remote-User", "ann"],
        ["X-Remote-Uid", "u1"],
        ["X-Remote-Group", "a, b"],
        ["x-remote-group", "c"],
        ["X-Remote-Extra-Acme.com%2fProject", "p"],
        ["X-Remote-Extra-__proto__", "x"],
        ["X-Remote-Extra-%zz", "y"],
      ]),
      {
        username: "ann",
        uid: "u1",
        groups: ["a, b", "c"],
        extra: Object.fromEntries([
          ["acme.com/project", ["p"]],
          ["__proto__", ["x"]],
          ["%zz", ["y"]],
        ]),
      },
    );
    assert.equal(requestHeaderUser([["x-remote-group", "a"]]), undefined);
  });
});
