import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";

/**
 * A definition among others whose objects are of other types. Sound as long as it is handed objects of its own resource
 * only, which is what the server does that looks it up by group, version and plural.
 */
export function anyResource<T extends ApiObject>(definition: ResourceDefinition<T>): ResourceDefinition {
  return definition as unknown as ResourceDefinition;
}
