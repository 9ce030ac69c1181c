import type { Namespace } from "../../../api/generated/types/core-v1.ts";
import { ApiError, isAlreadyExists } from "../../../apimachinery/errors/api-error.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { ObjectReader, ObjectWriter } from "../../registry/access.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { refused } from "../refusal.ts";

/** Nothing is written or deleted in a namespace that is not there (plugin/pkg/admission/namespace/exists). */
export function namespaceExists(reader: ObjectReader, namespaces: ResourceDefinition<Namespace>): AdmissionPlugin {
  return {
    name: "NamespaceExists",
    handles: ({ operation, namespace }) => operation !== "CONNECT" && namespace !== "",
    validate({ namespace }) {
      if (reader.get(namespaces, "", namespace) === undefined) {
        throw ApiError.notFound({ group: "", resource: "namespaces" }, namespace);
      }
    },
  };
}

/** A create makes the namespace that it needs (plugin/pkg/admission/namespace/autoprovision). */
export function namespaceAutoProvision(
  reader: ObjectReader,
  writer: Pick<ObjectWriter, "create">,
  namespaces: ResourceDefinition<Namespace>,
): AdmissionPlugin {
  return {
    name: "NamespaceAutoProvision",
    handles: ({ operation, namespace, dryRun }) => operation === "CREATE" && namespace !== "" && !dryRun,
    admit(attributes) {
      const { namespace: name } = attributes;
      if (reader.get(namespaces, "", name) !== undefined) return;
      return writer.create(namespaces, { metadata: { name } }).then(
        () => undefined,
        (error: Error) => {
          if (!isAlreadyExists(error)) throw refused(attributes, error);
        },
      );
    },
  };
}
