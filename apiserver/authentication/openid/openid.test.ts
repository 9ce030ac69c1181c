import assert from "node:assert/strict";
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, test } from "node:test";
import { formatFieldErrors } from "../../../apimachinery/field/errors.ts";
import { parseYaml } from "../../../apimachinery/yaml/yaml.ts";
import { silentLogger, VirtualClock } from "../../../base/mod.ts";
import { OpenIdAuthenticator } from "./authenticator.ts";
import { parseAuthenticationConfiguration } from "./configuration.ts";
import { signingAlgorithms } from "./id-token.ts";
import { validateAuthentication } from "./validation.ts";

const issuer = "https://issuer.example";
const base = { iss: issuer, aud: "my-client", sub: "1", username: "jane" };
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function signed(
  claims: object,
  { alg = "RS256", kid = "k", key = rsa.privateKey }: { alg?: string; kid?: string; key?: KeyObject } = {},
) {
  const input = `${encode({ alg, kid })}.${encode(claims)}`;
  if (alg === "none") return `${input}.`;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const how = alg.startsWith("PS") ? pss : alg.startsWith("ES") ? { dsaEncoding: "ieee-p1363" as const } : {};
  return `${input}.${sign(`sha${alg.slice(2)}`, Buffer.from(input), { key, ...how }).toString("base64url")}`;
}

const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n";
const jwt = (mappings: string, more = ""): string =>
  `${head}jwt:\n- issuer: {url: ${issuer}, audiences: [my-client]}\n  claimMappings: ${mappings}\n${more}`;
const simple = "{username: {claim: username, prefix: 'oidc:'}, groups: {claim: groups, prefix: 'oidc:'}}";
const parse = (yaml: string) => parseAuthenticationConfiguration(parseYaml(yaml).value);

interface Place {
  readonly authenticator: OpenIdAuthenticator;
  readonly clock: VirtualClock;
  /** What the issuer publishes. */
  readonly published: Map<string, KeyObject>;
  /** URLs that were asked for. */
  readonly asked: string[];
}

async function started(yaml: string, algorithms: readonly string[] = signingAlgorithms): Promise<Place> {
  const config = parse(yaml);
  const { errors, expressions } = validateAuthentication(config, ["https://own"]);
  assert.deepEqual(errors, []);
  const published = new Map([["k", rsa.publicKey]]);
  const asked: string[] = [];
  const get = async (url: string): Promise<string> => {
    asked.push(url);
    if (url.endsWith("/.well-known/openid-configuration"))
      return JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` });
    const keys = [...published].map(([kid, key]) => ({ ...key.export({ format: "jwk" }), kid, use: "sig" }));
    return JSON.stringify({ keys: [{ kty: "oct", k: "x" }, ...keys] });
  };
  const clock = new VirtualClock();
  const options = {
    config: config.jwt[0]!,
    expressions: expressions[0]!,
    algorithms,
    get,
    clock,
    logger: silentLogger,
  };
  const authenticator = new OpenIdAuthenticator(options);
  await authenticator.run(new AbortController().signal);
  return { authenticator, clock, published, asked };
}

const nowSeconds = new VirtualClock().now() / 1_000;
const valid = { ...base, exp: nowSeconds + 3_600 };

describe("tokens of an issuer", () => {
  test("stand for the user that their claims name, with prefixes", async () => {
    const { authenticator, asked } = await started(jwt(simple));
    const token = signed({ ...valid, groups: ["a", "b"], jti: "7" });
    assert.deepEqual(await authenticator.authenticateToken(token), {
      user: {
        username: "oidc:jane",
        groups: ["oidc:a", "oidc:b"],
        extra: { "authentication.kubernetes.io/credential-id": ["JTI=7"] },
      },
    });
    assert.deepEqual((await authenticator.authenticateToken(signed({ ...valid, groups: "one" })))?.user.groups, [
      "oidc:one",
    ]);
    assert.deepEqual(asked, [`${issuer}/.well-known/openid-configuration`, `${issuer}/keys`]);
  });

  test("name groups that lie elsewhere, if groups come from a claim; where they cannot be had, nobody is let in", async () => {
    const elsewhere = { _claim_names: { groups: "src" }, _claim_sources: { src: { endpoint: "https://elsewhere" } } };
    const { authenticator, asked } = await started(jwt(simple));
    await assert.rejects(authenticator.authenticateToken(signed({ ...valid, ...elsewhere }))!, {
      message:
        'oidc: could not expand distributed claims: getting untrusted issuer from endpoint https://elsewhere failed for claim "groups": token is not compact JWT',
    });
    assert.equal(asked.at(-1), "https://elsewhere");
    const without = await started(jwt("{username: {claim: username, prefix: ''}}"));
    const found = await without.authenticator.authenticateToken(signed({ ...valid, ...elsewhere }));
    assert.deepEqual(found?.user.groups, []);
  });

  test("of others are left to others, and so is what is no token", async () => {
    const { authenticator } = await started(jwt(simple));
    assert.equal(authenticator.authenticateToken(signed({ ...valid, iss: "https://elsewhere" })), undefined);
    for (const text of ["", "a.b", "a.b.c", "{}", `${"x".repeat(20_000)}.y.z`]) {
      assert.equal(authenticator.authenticateToken(text), undefined);
    }
  });

  const refused: readonly (readonly [name: string, token: string, message: RegExp])[] = [
    [
      "expired",
      signed({ ...valid, exp: nowSeconds - 1 }),
      /^oidc: verify token: oidc: token is expired \(Token Expiry: /,
    ],
    ["without an end", signed(base), /token is expired/],
    ["not yet good", signed({ ...valid, nbf: nowSeconds + 400 }), /before the nbf \(not before\) time/],
    ["for somebody else", signed({ ...valid, aud: ["x"] }), /oidc: expected audience "my-client" got \["x"\]/],
    ["signed by another", signed(valid, { key: other.privateKey }), /failed to verify id token signature/],
    ["not signed", signed(valid, { alg: "none" }), /unsupported algorithm, expected \[.*\] got "none"/],
    [
      "of a key of another kind",
      signed(valid, { alg: "ES256", key: curve.privateKey }),
      /failed to verify id token signature/,
    ],
    [
      "with a name that is none",
      signed({ ...valid, username: 5 }),
      /^oidc: parse username claims "username": json: cannot unmarshal number into Go value of type string$/,
    ],
    [
      "without a name",
      signed({ ...valid, username: undefined }),
      /^oidc: parse username claims "username": claim not present$/,
    ],
    ["with groups that are none", signed({ ...valid, groups: [1] }), /^oidc: parse groups claim "groups": /],
  ];
  for (const [name, token, message] of refused) {
    test(`that are ${name} are refused`, async () => {
      const { authenticator } = await started(jwt(simple));
      await assert.rejects(authenticator.authenticateToken(token)!, { message });
    });
  }

  test("may not be signed by the public key taken for a secret", async () => {
    const { authenticator } = await started(jwt(simple));
    const input = `${encode({ alg: "HS256", kid: "k" })}.${encode(valid)}`;
    const secret = rsa.publicKey.export({ type: "spki", format: "pem" });
    const token = `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    await assert.rejects(authenticator.authenticateToken(token)!, /unsupported algorithm/);
  });

  test("may be signed with every algorithm that is allowed, and no other", async () => {
    const curves = { ES256: "P-256", ES384: "P-384", ES512: "P-521" } as const;
    const place = await started(jwt(simple));
    for (const alg of signingAlgorithms) {
      const pair = alg.startsWith("ES") ? generateKeyPairSync("ec", { namedCurve: curves[alg as "ES256"] }) : rsa;
      place.published.set(alg, pair.publicKey);
      const token = signed(valid, { alg, kid: alg, key: pair.privateKey });
      assert.equal((await place.authenticator.authenticateToken(token))?.user.username, "oidc:jane", alg);
    }
    const strict = await started(jwt(simple), ["RS256"]);
    await assert.rejects(
      strict.authenticator.authenticateToken(signed(valid, { alg: "RS512" }))!,
      /expected \["RS256"\] got "RS512"/,
    );
  });

  test("name a key that is fetched once it is published", async () => {
    const { authenticator, published, asked } = await started(jwt(simple));
    const token = signed(valid, { kid: "new", key: other.privateKey });
    await assert.rejects(authenticator.authenticateToken(token)!, /failed to verify id token signature/);
    published.set("new", other.publicKey);
    assert.ok(await authenticator.authenticateToken(token));
    await authenticator.authenticateToken(token);
    assert.equal(asked.filter((url) => url.endsWith("/keys")).length, 2);
  });

  test("are refused until the issuer has said where its keys are, which is asked every ten seconds", async () => {
    const config = parse(jwt(simple)).jwt[0]!;
    const { expressions } = validateAuthentication(parse(jwt(simple)), []);
    const clock = new VirtualClock();
    let asked = 0;
    const get = async (): Promise<string> => {
      asked += 1;
      throw new Error("connection refused");
    };
    const options = {
      config,
      expressions: expressions[0]!,
      algorithms: signingAlgorithms,
      get,
      clock,
      logger: silentLogger,
    };
    const authenticator = new OpenIdAuthenticator(options);
    const stop = new AbortController();
    const running = authenticator.run(stop.signal);
    await clock.advance(25_000);
    assert.equal(asked, 3);
    await assert.rejects(authenticator.authenticateToken(signed(valid))!, {
      message: "oidc: authenticator not initialized",
    });
    stop.abort();
    await running;
  });
});

describe("expressions", () => {
  const mappings = `
    username: {expression: "claims.username + ':' + claims.team"}
    groups: {expression: "claims.roles.split(',')"}
    uid: {expression: claims.sub}
    extra: [{key: example.org/tenant, valueExpression: "claims.?tenant.orValue(null)"}]`;
  const rules = `
  claimValidationRules:
  - {claim: hd, requiredValue: example.org}
  - {expression: "claims.exp - claims.iat <= 86400", message: tokens may live for a day}
  userValidationRules:
  - {expression: "!user.username.startsWith('system:')", message: this name is reserved}
  - {expression: "user.groups.all(g, g != 'system:masters')", message: this group is reserved}\n`;
  const good = { ...valid, iat: nowSeconds, hd: "example.org", team: "a", roles: "x,y", tenant: ["t1", "t2"] };

  test("make the user of the claims", async () => {
    const { authenticator } = await started(jwt(mappings, rules));
    assert.deepEqual((await authenticator.authenticateToken(signed(good)))?.user, {
      username: "jane:a",
      uid: "1",
      groups: ["x", "y"],
      extra: { "example.org/tenant": ["t1", "t2"] },
    });
    const { user } = (await authenticator.authenticateToken(signed({ ...good, tenant: undefined })))!;
    assert.equal(user.extra, undefined);
  });

  const refused: readonly (readonly [name: string, claims: object, message: string])[] = [
    [
      "a claim of another value",
      { ...good, hd: "x" },
      "oidc: required claim hd value does not match. Got = x, want = example.org",
    ],
    ["a claim that is not there", { ...good, hd: undefined }, "oidc: required claim hd not present in ID token"],
    [
      "a rule that does not hold",
      { ...good, iat: nowSeconds - 90_000 },
      "oidc: error evaluating claim validation expression: validation expression 'claims.exp - claims.iat <= 86400' failed: tokens may live for a day",
    ],
    [
      "a user that may not be",
      { ...good, username: "system" },
      "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('system:')' failed: this name is reserved",
    ],
    [
      "an expression that fails",
      { ...good, team: undefined },
      "oidc: error evaluating username claim expression: expression 'claims.username + ':' + claims.team' resulted in error: no such key: team",
    ],
  ];
  for (const [name, claims, message] of refused) {
    test(`refuse for ${name}`, async () => {
      const { authenticator } = await started(jwt(mappings, rules));
      await assert.rejects(authenticator.authenticateToken(signed(claims))!, { message });
    });
  }

  test("an unverified address is no name", async () => {
    const { authenticator } = await started(jwt("{username: {claim: email, prefix: ''}}"));
    const mail = { ...valid, email: "jane@example.org" };
    assert.equal((await authenticator.authenticateToken(signed(mail)))?.user.username, "jane@example.org");
    const unverified = signed({ ...mail, email_verified: false });
    await assert.rejects(authenticator.authenticateToken(unverified)!, { message: "oidc: email not verified" });
  });
});

describe("a configuration", () => {
  const problems = (yaml: string): string =>
    formatFieldErrors(validateAuthentication(parse(yaml), ["https://own"]).errors);
  const cases: readonly (readonly [name: string, yaml: string, problem: string])[] = [
    [
      "without a name for users",
      jwt("{}"),
      "jwt[0].claimMappings.username: Required value: claim or expression is required",
    ],
    [
      "with a claim without prefix",
      jwt("{username: {claim: sub}}"),
      "jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing",
    ],
    [
      "with an expression that does not compile",
      jwt("{username: {expression: claim.sub}}"),
      "jwt[0].claimMappings.username.expression: Invalid value: \"claim.sub\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'claim' (in container '')\n | claim.sub\n | ^",
    ],
    [
      "with a rule that is no yes or no",
      jwt(simple, "  userValidationRules: [{expression: user.username}]\n"),
      'jwt[0].userValidationRules[0].expression: Invalid value: "user.username": must evaluate to bool',
    ],
    [
      "that trusts an address that nobody verified",
      jwt("{username: {expression: claims.email}}"),
      'jwt[0].claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
    ],
    [
      "of an issuer without TLS",
      `${head}jwt: [{issuer: {url: "http://a", audiences: [x]}, claimMappings: ${simple}}]`,
      'jwt[0].issuer.url: Invalid value: "http://a": URL scheme must be https',
    ],
    [
      "of the server's own issuer",
      `${head}jwt: [{issuer: {url: "https://own", audiences: [x]}, claimMappings: ${simple}}]`,
      'jwt[0].issuer.url: Invalid value: "https://own": URL must not overlap with disallowed issuers: [https://own]',
    ],
    [
      "without audiences",
      `${head}jwt: [{issuer: {url: "https://a"}, claimMappings: ${simple}}]`,
      "jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required",
    ],
    [
      "with paths for nobody",
      `${head}anonymous: {enabled: false, conditions: [{path: /livez}]}`,
      'anonymous.conditions: Invalid value: [{"path":"/livez"}]: enabled should be set to true when conditions are defined',
    ],
  ];
  for (const [name, yaml, problem] of cases) {
    test(`${name} is refused`, () => assert.equal(problems(yaml), problem));
  }

  test("with a field that nobody knows is refused", () => {
    assert.throws(() => parse(jwt(simple, "  color: blue\n")), {
      message: 'strict decoding error: unknown field "jwt[0].color"',
    });
  });

  test("may let anonymous users see some paths alone", () => {
    const { anonymous } = parse(`${head}anonymous: {enabled: true, conditions: [{path: /livez}, {path: /readyz}]}`);
    assert.deepEqual(anonymous, { enabled: true, paths: ["/livez", "/readyz"] });
  });
});
