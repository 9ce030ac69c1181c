import { defineResource } from "../../apimachinery/resource/define.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition, Scope } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import type { ObjectSchema } from "../../apimachinery/schema/schema.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";

const schema = (): ObjectSchema => ({ type: "object", fields: new Map() });

/** A bare definition, for tests that never look into the schema. */
export function testDefinition<T extends ApiObject>(
  group: string,
  kind: string,
  plural: string,
  scope: Scope = "Namespaced",
): ResourceDefinition<T> {
  return defineResource<T>({ group, version: "v1", kind, plural, scope, schema });
}

/** A create of `object` by somebody ordinary, changed as given. */
export function testAttributes<T extends ApiObject>(
  definition: ResourceDefinition<T>,
  object: object | undefined,
  change: Partial<AdmissionAttributes> = {},
): AdmissionAttributes {
  const draft = object === undefined ? undefined : (thaw(object) as Draft<ApiObject>);
  return {
    operation: "CREATE",
    definition: definition,
    subresource: "",
    namespace: draft?.metadata?.namespace ?? "",
    name: draft?.metadata?.name ?? "",
    user: { username: "ann", groups: ["system:authenticated"] },
    dryRun: false,
    object: draft,
    oldObject: undefined,
    options: {},
    warn: () => undefined,
    auditAnnotate: () => undefined,
    ...change,
  };
}

/** Runs both passes of one plugin, if it wants the write, and returns the object as it was left. */
export async function admitted<T = ApiObject>(plugin: AdmissionPlugin, attributes: AdmissionAttributes): Promise<T> {
  if (plugin.handles(attributes)) {
    await plugin.admit?.(attributes, { active: false, request: () => undefined });
    await plugin.validate?.(attributes);
  }
  return attributes.object as unknown as T;
}
