import type { ObjectSchema } from "../schema/schema.ts";
import { nameIsDNSSubdomain } from "../validation/names.ts";
import type { ApiObject } from "./object.ts";
import type { Column, ResourceDefinition, Verb } from "./resource.ts";

const allVerbs: readonly Verb[] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

type Defaulted =
  | "listKind"
  | "singular"
  | "shortNames"
  | "categories"
  | "verbs"
  | "subresources"
  | "storagePath"
  | "generation"
  | "validateName"
  | "unconditionalUpdate"
  | "columns"
  | "fieldSelectors"
  | "schema";

/** What a resource has to say of itself; the rest has the field's usual answer. */
export type ResourceDeclaration<T extends ApiObject> = Omit<ResourceDefinition<T>, Defaulted> &
  Partial<Omit<Pick<ResourceDefinition<T>, Defaulted>, "schema">> & {
    /** Called once, when the structure is first needed. */
    readonly schema: () => ObjectSchema;
  };

/** Declares an API resource: fills in what convention says (list kind, singular, all verbs, names as DNS subdomains). */
export function defineResource<T extends ApiObject>(declaration: ResourceDeclaration<T>): ResourceDefinition<T> {
  const { schema: makeSchema, ...rest } = declaration;
  let schema: ObjectSchema | undefined;
  return {
    listKind: `${rest.kind}List`,
    singular: rest.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    subresources: {},
    storagePath: rest.plural,
    generation: false,
    validateName: nameIsDNSSubdomain,
    unconditionalUpdate: true,
    columns: [] as readonly Column<T>[],
    fieldSelectors: {},
    ...rest,
    get schema() {
      schema ??= makeSchema();
      return schema;
    },
  };
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(definition: { readonly group: string; readonly version: string }): string {
  return definition.group === "" ? definition.version : `${definition.group}/${definition.version}`;
}
