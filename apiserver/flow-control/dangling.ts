import type { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import type { FlowSchemaCondition } from "../../api/generated/types/flowcontrol-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";

/** The schema's condition `Dangling` as it should be, or undefined where it is (presyncFlowSchemaStatus). Pure. */
export function danglingCondition(schema: FlowSchema, found: boolean, nowMs: number): FlowSchemaCondition | undefined {
  const quoted = JSON.stringify(schema.spec.priorityLevelConfiguration.name);
  const what = `This FlowSchema references the PriorityLevelConfiguration object named ${quoted}`;
  const wanted = {
    type: "Dangling",
    status: found ? "False" : "True",
    reason: found ? "Found" : "NotFound",
    message: found ? `${what} and it exists` : `${what} but there is no such object`,
  };
  const current = (schema.status?.conditions ?? []).find(({ type }) => type === "Dangling");
  const same =
    current?.status === wanted.status && current.reason === wanted.reason && current.message === wanted.message;
  return same ? undefined : { ...wanted, lastTransitionTime: formatTime(nowMs) };
}
