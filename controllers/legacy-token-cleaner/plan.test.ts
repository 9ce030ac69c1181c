import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Secret } from "../../api/core/v1/secret.ts";
import type { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { type Observed, plan, summarize } from "./plan.ts";

const day = 86_400_000;
const periodMs = 365 * day;
const now = Date.UTC(2026, 5, 15, 12);
const text = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const lastUsed = "kubernetes.io/legacy-token-last-used";
const invalidSince = "kubernetes.io/legacy-token-invalid-since";

const account = (secret: string): ServiceAccount => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "robot", namespace: "n", uid: "a" },
  secrets: [{ name: secret }],
});

function observed(change: Partial<Observed> & { readonly ageMs?: number; readonly labels?: object } = {}): Observed {
  const { ageMs = periodMs + 1, labels = {}, ...rest } = change;
  const secret: Secret = {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    metadata: {
      name: "token",
      namespace: "n",
      uid: "s",
      resourceVersion: "7",
      creationTimestamp: formatTime(now - ageMs),
      labels: labels as Record<string, string>,
    },
  };
  const trackedSinceMs = now - periodMs;
  return { secret, account: account("token"), isMounted: false, trackedSinceMs, periodMs, now, ...rest };
}

function outcome(change: Parameters<typeof observed>[0]): string {
  const [action] = plan(observed(change));
  if (action?.type === "patch") return `mark ${JSON.stringify(action.patch.body)}`;
  return action?.type === "delete" ? `delete ${action.uid} ${action.resourceVersion}` : "stays";
}
const marked = `mark {"metadata":{"uid":"s","labels":{"${invalidSince}":"2026-06-15"}}}`;

test("an unused token is refused first, and deleted a whole period later", () => {
  assert.equal(outcome({}), marked);
  assert.equal(outcome({ labels: { [invalidSince]: "" } }), marked);
  assert.equal(outcome({ labels: { [invalidSince]: "soon" } }), marked);
  assert.equal(outcome({ labels: { [invalidSince]: text(now) } }), "stays");
  assert.equal(outcome({ labels: { [invalidSince]: text(now - periodMs) } }), "stays");
  assert.equal(outcome({ labels: { [invalidSince]: text(now - periodMs - day) } }), "delete s 7");
});

test("a token stays while it is young, in use, mounted, made on purpose, or not followed for long enough", () => {
  assert.equal(outcome({ ageMs: periodMs - 1000 }), "stays");
  assert.equal(outcome({ labels: { [lastUsed]: text(now) } }), "stays");
  assert.equal(outcome({ labels: { [lastUsed]: text(now - periodMs) } }), "stays");
  assert.equal(outcome({ labels: { [lastUsed]: text(now - periodMs - day) } }), marked);
  assert.equal(outcome({ labels: { [lastUsed]: "long ago" } }), "stays");
  assert.equal(outcome({ isMounted: true }), "stays");
  assert.equal(outcome({ account: undefined }), "stays");
  assert.equal(outcome({ account: account("another") }), "stays");
  assert.equal(outcome({ trackedSinceMs: undefined }), "stays");
  assert.equal(outcome({ trackedSinceMs: now - periodMs + 1 }), "stays");
});

test("it is looked at when its time has come and not before, then once a day", () => {
  assert.equal(summarize(observed({})).wakeAtMs, now + day);
  const days = fc.integer({ min: -800, max: 1 });
  const label = (key: string) =>
    fc.option(
      days.map((ago) => ({ [key]: text(now + ago * day) })),
      { nil: {} },
    );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 800 }), label(lastUsed), label(invalidSince), (age, used, invalid) => {
      const change = { ageMs: age * day, labels: { ...used, ...invalid }, trackedSinceMs: 0 };
      const before = observed(change);
      const { wakeAtMs } = summarize(before);
      if (plan(before).length > 0) return;
      assert.ok(wakeAtMs !== undefined && wakeAtMs > now);
      const then = (at: number) => plan({ ...before, now: at });
      assert.deepEqual(then(wakeAtMs - 1), []);
      assert.ok(then(wakeAtMs).length > 0);
    }),
  );
});
