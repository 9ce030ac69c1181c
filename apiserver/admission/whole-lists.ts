import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ObjectReader } from "../registry/access.ts";

/**
 * The same reader, but that its lists are whole or refused (an InternalError): where a webhook, a policy, a quota or a default
 * cannot be read, nothing is admitted past it that it might have refused or changed.
 */
export function wholeLists(reader: ObjectReader): ObjectReader {
  return {
    get: (definition, namespace, name) => reader.get(definition, namespace, name),
    list: (definition, namespace) => {
      if (reader.hasUnreadable?.(definition, namespace) === true) {
        const { plural, group } = definition;
        const resource = group === "" ? plural : `${plural}.${group}`;
        throw ApiError.internal(
          new Error(`cannot read all ${resource} in the store; the server's log names their keys`),
        );
      }
      return reader.list(definition, namespace);
    },
    onChange: (definition, listener) => reader.onChange(definition, listener),
  };
}
