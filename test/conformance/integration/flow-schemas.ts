import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

// test/integration/apiserver/flowcontrol/fs_condition_test.go

describeUpstream(
  "Flow schemas as integration tests ask of them",
  (use) => {
    test("TestConditionIsolation", async () => {
      const schemas = use.typed("flowschemas");
      const name = "system-nodes";
      const statusOf = (thing: Thing, type: string): string | undefined =>
        thing["status"]?.conditions?.find((condition: { type: string }) => condition.type === type)?.status;
      await eventually(async () => assert.equal(statusOf(await schemas.get(name), "Dangling"), "False"));

      const lastTransitionTime = "2024-01-01T00:00:00Z";
      const applied = {
        apiVersion: "flowcontrol.apiserver.k8s.io/v1",
        kind: "FlowSchema",
        metadata: { name },
        status: {
          conditions: [
            { type: "test-ssa", status: "True", reason: "SSA test", message: "for testing", lastTransitionTime },
          ],
        },
      };
      const query = { fieldManager: "ssa-test" };
      const afterApply = await schemas.patch(name, "apply", applied, { subresource: "status", query });
      assert.equal(statusOf(afterApply, "Dangling"), "False");
      assert.equal(statusOf(afterApply, "test-ssa"), "True");

      const merged = {
        status: {
          conditions: [
            { type: "test-smp", status: "False", reason: "SMP test", message: "for testing too", lastTransitionTime },
          ],
        },
      };
      const afterMerge = await schemas.patch(name, "strategic", merged, {
        subresource: "status",
        query: { fieldManager: "smp-test" },
      });
      assert.equal(statusOf(afterMerge, "test-smp"), "False");
      // The controller puts its own back where a strategic patch has replaced the list.
      await eventually(async () => assert.equal(statusOf(await schemas.get(name), "Dangling"), "False"));
    });
  },
  { controllers: false },
);
