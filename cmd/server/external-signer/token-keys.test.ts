import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { MetricsRegistry } from "../../../base/metrics.ts";
import { CapturingLogger, VirtualClock } from "../../../base/mod.ts";
import { type ExternalSigner, SignerCallError } from "./client.ts";
import type { FetchKeysResponse, SignJwtResponse } from "./messages.ts";
import { signerMetrics } from "./metrics.ts";
import { ExternalTokenKeys } from "./token-keys.ts";

const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const der = createPublicKey(publicKey.export({ type: "spki", format: "pem" })).export({ type: "spki", format: "der" });
const key = (keyId: string, excludeFromOidcDiscovery = false) => ({ keyId, key: der, excludeFromOidcDiscovery });

function setUp() {
  const clock = new VirtualClock({ startMs: 1_000_000 });
  const logger = new CapturingLogger();
  const registry = new MetricsRegistry();
  const state = {
    answer: { keys: [key("a")], dataTimestamp: 5, refreshHintSeconds: 60 } as FetchKeysResponse,
    failure: undefined as Error | undefined,
    fetched: 0,
    header: { alg: "ES256", kid: "a", typ: "JWT" } as object,
    signature: "c2ln",
  };
  const signer: ExternalSigner = {
    async fetchKeys() {
      state.fetched++;
      if (state.failure !== undefined) throw state.failure;
      return state.answer;
    },
    async sign(): Promise<SignJwtResponse> {
      if (state.failure !== undefined) throw state.failure;
      return { header: Buffer.from(JSON.stringify(state.header)).toString("base64url"), signature: state.signature };
    },
    maxExpirationSeconds: async () => 600,
    close() {},
  };
  const keys = new ExternalTokenKeys({ signer, clock, logger, metrics: signerMetrics(registry) });
  const ids = () => keys.keys.map(({ keyId }) => keyId);
  return { clock, logger, registry, state, keys, ids };
}

test("keys are fetched at the start, as often as the signer wants it, and where a token names another one", async () => {
  const { clock, registry, state, keys, ids } = setUp();
  let changes = 0;
  keys.onChange(() => changes++);
  await keys.start();
  assert.deepEqual([ids(), state.fetched, keys.maxAgeSeconds, changes], [["a"], 1, 60, 1]);
  assert.equal((keys.find("a") as readonly object[]).length, 1);
  await clock.advance(59_000);
  assert.equal(state.fetched, 1);
  state.answer = { ...state.answer, keys: [key("b"), key("c")], dataTimestamp: 6 };
  await clock.advance(1_000);
  assert.deepEqual([ids(), state.fetched, changes], [["b", "c"], 2, 2]);
  state.answer = { ...state.answer, keys: [key("d")] };
  const [found, missing] = await Promise.all([keys.find("d"), keys.find("e")]);
  assert.deepEqual([found.length, missing.length, state.fetched], [1, 0, 3], "asked once for both");
  const text = registry.render();
  assert.match(text, /^apiserver_externaljwt_fetch_keys_request_total\{code="OK"\} 3$/m);
  assert.match(text, /^apiserver_externaljwt_fetch_keys_data_timestamp 6$/m);
  keys.stop();
  await clock.advance(600_000);
  assert.equal(state.fetched, 3);
});

test("keys stay while the signer does not answer; it is asked again every ten seconds", async () => {
  const { clock, logger, registry, state, keys, ids } = setUp();
  await keys.start();
  state.failure = new SignerCallError("Unavailable", "gone");
  await clock.advance(60_000 + 20_000);
  assert.deepEqual([ids(), state.fetched, logger.records.length], [["a"], 4, 3]);
  assert.deepEqual(await keys.find("z"), []);
  assert.match(registry.render(), /_fetch_keys_request_total\{code="Unavailable"\} 4$/m);
  state.failure = undefined;
  await clock.advance(10_000);
  assert.equal(keys.maxAgeSeconds > 0, true);
});

test("a start fails where the signer tells nothing, or what cannot be", async () => {
  const cases: readonly (readonly [Partial<FetchKeysResponse> | Error, string])[] = [
    [
      new SignerCallError("Unavailable", "x"),
      "while getting externally supported jwt signing keys: rpc error: code = Unavailable desc = x",
    ],
    [{ refreshHintSeconds: 0 }, "found invalid refresh hint (0s)"],
    [{ keys: [] }, "found no keys"],
    [{ dataTimestamp: undefined }, "invalid data timestamp: invalid nil Timestamp"],
    [{ keys: [key("")] }, 'found invalid public key id ""'],
    [{ keys: [{ ...key("a"), key: new Uint8Array(0) }] }, "found empty public key"],
  ];
  for (const [change, message] of cases) {
    const { state, keys } = setUp();
    if (change instanceof Error) state.failure = change;
    else state.answer = { ...state.answer, ...change };
    const prefix =
      "while initially filling key cache: while performing initial cache fill: while fetching token verification keys";
    await assert.rejects(keys.start(), { message: `${prefix}: ${message}` });
  }
  const { state, keys } = setUp();
  state.answer = { ...state.answer, keys: [{ ...key("a"), key: Buffer.from("nothing") }] };
  await assert.rejects(keys.start(), /while parsing external public keys: /);
});

test("what the signer signs is a token, if its header says what it must", async () => {
  const { registry, state, keys } = setUp();
  state.answer = { ...state.answer, keys: [key("a"), key("old", true)] };
  await keys.start();
  const token = await keys.sign({ sub: "x" });
  const [header = "", payload = "", signature] = token.split(".");
  assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), state.header);
  assert.deepEqual([Buffer.from(payload, "base64url").toString(), signature], ['{"sub":"x"}', "c2ln"]);
  const good = { alg: "ES256", kid: "a", typ: "JWT" };
  const refused: readonly (readonly [object, string])[] = [
    [{ ...good, typ: "jose" }, "while validating header: bad type"],
    [{ ...good, kid: "" }, "while validating header: key id missing"],
    [{ ...good, kid: "k".repeat(1025) }, "while validating header: key id longer than 1 kb"],
    [{ ...good, alg: "ABC" }, 'while validating header: bad signing algorithm "ABC"'],
    [{ ...good, crit: ["x"] }, 'while validating header: while parsing header JSON: json: unknown field "crit"'],
    [
      { ...good, kid: "old" },
      "while validating header: key used for signing JWT (kid: old) is excluded from OIDC discovery docs",
    ],
  ];
  for (const [header, message] of refused) {
    state.header = header;
    await assert.rejects(async () => keys.sign({}), { message });
  }
  state.header = good;
  state.signature = "";
  await assert.rejects(async () => keys.sign({}), { message: "empty signature returned" });
  state.failure = new SignerCallError("Internal", "broken");
  await assert.rejects(async () => keys.sign({}), {
    message: "while signing jwt: rpc error: code = Internal desc = broken",
  });
  const text = registry.render();
  assert.match(text, /_sign_request_total\{code="OK"\} 1$/m);
  assert.match(text, /_sign_request_total\{code="Internal"\} 1$/m);
  assert.match(text, /_sign_request_total\{code="unknown-non-grpc"\} 7$/m);
});
