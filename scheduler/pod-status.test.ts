import assert from "node:assert/strict";
import { test } from "node:test";
import { statusPatch, type Verdict } from "./pod-status.ts";
import { podOf } from "./testing/objects.ts";

const verdict: Verdict = {
  reason: "Unschedulable",
  message: "0/1 nodes are available: 1 Too many pods.",
  nowMs: Date.UTC(2026, 0, 1),
};
const said = { type: "PodScheduled", status: "False", reason: verdict.reason, message: verdict.message };

test("a pod is told why it has no node, with the time since when", () => {
  assert.deepEqual(statusPatch(podOf("p"), verdict), {
    metadata: { uid: "uid-p" },
    status: { conditions: [{ ...said, lastTransitionTime: "2026-01-01T00:00:00Z" }] },
  });
});

test("what it has been told already is not written again", () => {
  assert.equal(statusPatch(podOf("p", { status: { conditions: [said] } }), verdict), undefined);
});

test("another reason for the same state keeps the time of the state", () => {
  const lastTransitionTime = "2025-12-31T00:00:00Z";
  const conditions = [{ ...said, message: "another", lastTransitionTime }];
  assert.deepEqual(statusPatch(podOf("p", { status: { conditions } }), verdict), {
    metadata: { uid: "uid-p" },
    status: { conditions: [{ ...said, lastTransitionTime }] },
  });
});

test("a nomination is written when it comes and taken back when it goes", () => {
  const conditions = [said];
  const status = (nominatedNodeName: string, next: string | undefined) =>
    (
      statusPatch(podOf("p", { status: { conditions, nominatedNodeName } }), { ...verdict, nominatedNodeName: next }) as
        | { status: object }
        | undefined
    )?.status;
  assert.deepEqual(status("", "a"), { nominatedNodeName: "a" });
  assert.deepEqual(status("a", ""), { nominatedNodeName: null });
  assert.equal(status("a", "a"), undefined);
  assert.equal(status("a", undefined), undefined);
});
