import { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { ownContext, type Registry } from "../registry/registry.ts";

type Plan = (old: CustomResourceDefinition) => Draft<CustomResourceDefinition> | undefined;

/**
 * Writes what `plan` makes of a definition's status and finalizers; planned anew where somebody was faster. Rejects with
 * NotFound where the definition is gone.
 */
export async function writeStatus(registry: Registry, name: string, plan: Plan): Promise<void> {
  const change = (old: ApiObject | undefined): Draft<ApiObject> =>
    (plan(old as CustomResourceDefinition) ?? thaw(old!)) as Draft<ApiObject>;
  await registry.of(CustomResourceDefinition).update("", name, change, { ...ownContext(), subresource: "status" });
}
