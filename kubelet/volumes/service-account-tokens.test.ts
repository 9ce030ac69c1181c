import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { TokenRequestInput } from "../../api/generated/types/authentication-v1.ts";
import type { ServiceAccountTokenProjection } from "../../api/generated/types/core-v1.ts";
import type { Transport, TransportRequest } from "../../apimachinery/resource/transport.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { silentLogger } from "../../base/logger.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { createClient } from "../../client/client.ts";
import { refreshTime, ServiceAccountTokens } from "./service-account-tokens.ts";

const pod = {
  metadata: { name: "p", namespace: "ns", uid: "u" },
  spec: { serviceAccountName: "robot", containers: [] },
} as unknown as Pod;

interface World {
  readonly clock: VirtualClock;
  readonly requests: TransportRequest[];
  readonly tokens: ServiceAccountTokens;
  refuse: Error | undefined;
}

/** A server that only issues tokens, numbered, with the lifetime that was asked for. */
function world(): World {
  const clock = new VirtualClock();
  const requests: TransportRequest[] = [];
  const transport = {
    async request(request: TransportRequest) {
      requests.push(request);
      if (made.refuse !== undefined) throw made.refuse;
      const { spec } = request.body as { readonly spec: { readonly expirationSeconds: number } };
      const expirationTimestamp = formatTime(clock.now() + spec.expirationSeconds * 1000);
      const status = { token: `token${requests.length}`, expirationTimestamp };
      return { object: { ...(request.body as object), status }, warnings: [] };
    },
  } as unknown as Transport;
  const client = createClient(transport);
  const tokens = new ServiceAccountTokens({ client, clock, random: new SeededRandom(1), logger: silentLogger });
  const made: World = { clock, requests, tokens, refuse: undefined };
  return made;
}

function specOf(request: TransportRequest | undefined): NonNullable<TokenRequestInput["spec"]> {
  const { spec } = request!.body as TokenRequestInput;
  return spec!;
}

const projection: ServiceAccountTokenProjection = { path: "token", expirationSeconds: 3607 };

test("a token is asked for once, bound to the pod, and again at four fifths of its life", async () => {
  const { clock, requests, tokens } = world();
  const { token, refreshAtMs } = await tokens.get(pod, projection);
  assert.equal(token, "token1");
  assert.equal(requests[0]?.path, "/api/v1/namespaces/ns/serviceaccounts/robot/token");
  assert.deepEqual(specOf(requests[0]), {
    audiences: [],
    expirationSeconds: 3607,
    boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", uid: "u" },
  });
  const dueMs = refreshAtMs - clock.now();
  assert.ok(dueMs <= 3607 * 800 && dueMs > 3607 * 800 - 11_000, String(dueMs));
  await clock.advance(dueMs - 1);
  assert.equal((await tokens.get(pod, projection)).token, "token1");
  await clock.advance(1);
  assert.equal((await tokens.get(pod, projection)).token, "token2");
});

test("tokens for different audiences are different", async () => {
  const { tokens, requests } = world();
  await tokens.get(pod, projection);
  assert.equal((await tokens.get(pod, { ...projection, audience: "vault" })).token, "token2");
  assert.deepEqual(specOf(requests[1]).audiences, ["vault"]);
});

test("a renewal that fails leaves the old token for as long as it lasts", async () => {
  const made = world();
  const { clock, tokens } = made;
  await tokens.get(pod, projection);
  made.refuse = new Error("no server");
  await clock.advance(3_000_000);
  const kept = await tokens.get(pod, projection);
  assert.equal(kept.token, "token1");
  assert.equal(kept.refreshAtMs, clock.now() + 30_000, "soon tried again");
  await clock.advance(700_000);
  await assert.rejects(tokens.get(pod, projection), /^Error: token ns\/robot expired and refresh failed: no server$/);
  tokens.forget("u");
  await assert.rejects(tokens.get(pod, projection), /^Error: failed to fetch token: no server$/);
});

test("a token is never renewed after it has ended, nor later than a day after it was issued", () => {
  fc.assert(
    fc.property(fc.integer({ min: 600, max: 10_000_000 }), fc.integer({ min: 0, max: 10_000 }), (seconds, jitterMs) => {
      const expiresAtMs = seconds * 1000;
      const atMs = refreshTime(expiresAtMs, seconds * 1000, jitterMs);
      assert.ok(atMs < expiresAtMs && atMs <= 86_400_000 && atMs > 0);
    }),
  );
});
