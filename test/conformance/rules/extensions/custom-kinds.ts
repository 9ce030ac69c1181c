import { setTimeout } from "node:timers/promises";
import { expect } from "../../../support/conformance.ts";
import type { HttpClient } from "../../../support/http.ts";
import type { JsonObject } from "../rule.ts";

const group = "custom.example";

/** Where objects of a custom kind are. */
export const pathOf = (plural: string): string => `/apis/${group}/v1/namespaces/default/${plural}`;

/** A custom kind with a status, whose specification has these fields. */
export function customKind(kind: string, spec: JsonObject, more: JsonObject = {}): JsonObject {
  const plural = `${kind.toLowerCase()}s`;
  const { schema = {}, ...version } = more as { readonly schema?: JsonObject };
  const openAPIV3Schema = { type: "object", properties: { spec, status: { type: "object" } }, ...schema };
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural, kind },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema }, ...version }],
    },
  };
}

/** Creates the definition; its objects can be written when this is done. */
export async function define(client: HttpClient, definition: JsonObject): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await expect(client, { method: "POST", path, body: definition }, 201);
  const { plural } = (definition["spec"] as { readonly names: { readonly plural: string } }).names;
  while ((await client.call({ path: pathOf(plural) })).status !== 200) await setTimeout(5);
}
