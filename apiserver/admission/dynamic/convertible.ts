import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { type Convert, type VersionedObjects, versionedObjects } from "./versioned.ts";

/** A write's objects have no form in the version that a webhook or policy asks for; the message is the converter's. */
export class NotConvertible extends Error {
  override readonly name = "NotConvertible";
}

/**
 * The write's objects by the definition that they are seen as, each version made at most once: they are not to change
 * meanwhile. Rejects with NotConvertible.
 */
export function converter(
  attributes: AdmissionAttributes,
  convert: Convert,
): (as: ResourceDefinition) => Promise<VersionedObjects> {
  const made = new Map<ResourceDefinition, VersionedObjects>();
  return async (as) => {
    let objects = made.get(as);
    if (objects === undefined) {
      objects = await convertible(attributes, as, convert);
      made.set(as, objects);
    }
    return objects;
  };
}

/** The write's objects as they are, seen as `as`. Rejects with NotConvertible. */
export async function convertible(
  attributes: AdmissionAttributes,
  as: ResourceDefinition,
  convert: Convert,
): Promise<VersionedObjects> {
  try {
    return await versionedObjects(attributes, as, convert);
  } catch (error) {
    throw new NotConvertible(wordsOf(error), { cause: error });
  }
}

/** Without those for an error of the server's. */
function wordsOf(error: unknown): string {
  const { message, cause } = error as Error;
  return error instanceof ApiError && cause instanceof Error ? cause.message : message;
}
