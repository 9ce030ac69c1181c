import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, test } from "node:test";
import { silentLogger, VirtualClock } from "../../../base/mod.ts";
import { DistributedClaim } from "./distributed-claims.ts";
import { UnexpectedStatusError } from "./http-get.ts";

const other = "https://groups.example";
const endpoint = `${other}/groups`;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
const clock = new VirtualClock();
const exp = clock.now() / 1_000 + 3_600;

function signed(claims: object, key: KeyObject = privateKey): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part({ alg: "ES256", kid: "k" })}.${part(claims)}`;
  return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const inside = { iss: other, aud: "me", exp, groups: ["a", "b"] };
const elsewhere = { _claim_names: { groups: "src" }, _claim_sources: { src: { endpoint, access_token: "t" } } };

interface World {
  readonly claim: DistributedClaim;
  readonly asked: string[];
  /** What lies at the endpoint, or why nothing does. */
  answer: string | Error;
  discovery: boolean;
}

function world(): World {
  const asked: string[] = [];
  const get = async (url: string, token?: string): Promise<string> => {
    asked.push(token === undefined ? url : `${url} as ${token}`);
    if (url === `${other}/.well-known/openid-configuration`) {
      if (!self.discovery) throw new Error("nobody is there");
      return JSON.stringify({ issuer: other, jwks_uri: `${other}/keys` });
    }
    if (url === `${other}/keys`) {
      return JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", use: "sig" }] });
    }
    if (self.answer instanceof Error) throw self.answer;
    return self.answer;
  };
  const options = { claim: "groups", audiences: ["me"], algorithms: ["ES256"], get, clock, logger: silentLogger };
  const self: World = { claim: new DistributedClaim(options), asked, answer: signed(inside), discovery: true };
  return self;
}

describe("a claim that lies elsewhere", () => {
  test("is fetched with the token's own token, verified, and put among the others", async () => {
    const { claim, asked } = world();
    const found = await claim.expand({ sub: "jane", ...elsewhere });
    assert.deepEqual(found, { sub: "jane", ...elsewhere, groups: ["a", "b"] });
    assert.deepEqual(asked, [`${endpoint} as t`, `${other}/.well-known/openid-configuration`, `${other}/keys`]);
    await claim.expand(elsewhere);
    assert.deepEqual(asked.slice(3), [`${endpoint} as t`]);
  });

  test("is left alone where the token has it, says nothing of it, or holds it in another form", async () => {
    const { claim, asked } = world();
    for (const claims of [
      { groups: ["own"], ...elsewhere },
      { sub: "jane" },
      { _claim_names: { address: "src" }, _claim_sources: {} },
      { _claim_names: { groups: "src" }, _claim_sources: { src: { JWT: "a.b.c" } } },
    ]) {
      assert.equal(await claim.expand(claims), claims);
    }
    assert.deepEqual(asked, []);
  });

  const refusals: readonly (readonly [why: string, change: (world: World) => object, message: string | RegExp])[] = [
    ["no sources", () => ({ _claim_names: { groups: "src" } }), "oidc: no claim sources"],
    ["names that are none", () => ({ _claim_names: "groups" }), /^oidc: error parsing distributed claim names: /],
    [
      "sources that are none",
      () => ({ _claim_names: { groups: "src" }, _claim_sources: [] }),
      /^oidc: could not parse claim sources: /,
    ],
    [
      "a source that is not there",
      () => ({ _claim_names: { groups: "toString" }, _claim_sources: {} }),
      "id token _claim_names contained a source toString missing in _claims_sources",
    ],
    [
      "an endpoint that refuses",
      (place) => {
        place.answer = new UnexpectedStatusError("401 Unauthorized", "no");
        return elsewhere;
      },
      'while getting distributed claim "groups": error while getting distributed claim JWT: 401 Unauthorized',
    ],
    [
      "an endpoint that is not there",
      (place) => {
        place.answer = new Error(`Get "${endpoint}": EOF`);
        return elsewhere;
      },
      `while getting distributed claim "groups": Get "${endpoint}": EOF`,
    ],
    [
      "what is no token",
      (place) => {
        place.answer = '{"groups":["admins"]}';
        return elsewhere;
      },
      `getting untrusted issuer from endpoint ${endpoint} failed for claim "groups": token is not compact JWT`,
    ],
    [
      "nonsense",
      (place) => {
        place.answer = "nonsense";
        return elsewhere;
      },
      `getting untrusted issuer from endpoint ${endpoint} failed for claim "groups": malformed token`,
    ],
    [
      "an issuer that does not say where its keys are",
      (place) => {
        place.discovery = false;
        return elsewhere;
      },
      `verifying untrusted issuer ${other} failed: verifier not initialized for issuer: "${other}"`,
    ],
    [
      "a token for somebody else",
      (place) => {
        place.answer = signed({ ...inside, aud: "you" });
        return elsewhere;
      },
      'verify distributed claim token: oidc: expected audience "me" got ["you"]',
    ],
    [
      "a token that somebody else signed",
      (place) => {
        place.answer = signed(inside, stranger.privateKey);
        return elsewhere;
      },
      "verify distributed claim token: failed to verify signature: failed to verify id token signature",
    ],
    [
      "a token without the claim",
      (place) => {
        place.answer = signed({ ...inside, groups: undefined });
        return elsewhere;
      },
      `jwt returned by distributed claim endpoint "${endpoint}" did not contain claim: groups`,
    ],
  ];
  for (const [why, change, message] of refusals) {
    test(`is refused: ${why}`, async () => {
      const place = world();
      await assert.rejects(place.claim.expand(change(place) as Record<string, unknown>), { message });
    });
  }

  test("an issuer that does not answer is asked again after ten seconds, and no more once it has", async () => {
    const place = world();
    const discoveries = (): number => place.asked.filter((url) => url.includes("well-known")).length;
    place.discovery = false;
    for (let i = 0; i < 3; i++) await assert.rejects(place.claim.expand(elsewhere), /verifier not initialized/);
    assert.equal(discoveries(), 1);
    place.discovery = true;
    await clock.advance(10_000);
    await place.claim.expand(elsewhere);
    await clock.advance(60_000);
    await place.claim.expand(elsewhere);
    assert.equal(discoveries(), 2);
  });
});
