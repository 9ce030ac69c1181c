import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import type { FlowSchemaCondition } from "../../api/generated/types/flowcontrol-v1.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import type { Registry } from "../registry/registry.ts";
import { ownContext } from "../registry/registry.ts";

/** Sets one condition of a flow schema's status, whatever else has changed. */
export async function writeCondition(registry: Registry, name: string, condition: FlowSchemaCondition): Promise<void> {
  const change = (current: unknown): never => {
    const draft = thaw(current as object) as unknown as Draft<FlowSchema>;
    const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
    draft.status = { conditions: [...others, { ...condition }] };
    return draft as never;
  };
  await registry.of(FlowSchema).update("", name, change, { ...ownContext(), subresource: "status" });
}
