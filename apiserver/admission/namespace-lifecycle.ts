import type { Namespace } from "../../api/generated/types/core-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Clock } from "../../base/clock.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { refused } from "./refusal.ts";
import { waitFor } from "./wait-for.ts";

/** Namespaces without which a cluster does not work. */
const immortal: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** How long a create waits for a namespace that another server may just have made. */
const missingNamespaceWaitMs = 50;

/** Keeps writes out of namespaces that do not exist, and creates out of those that end (admission/plugin/namespace/lifecycle). */
export function namespaceLifecycle(
  reader: ObjectReader,
  namespaces: ResourceDefinition<Namespace>,
  clock: Clock,
): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    handles: ({ operation }) => operation !== "CONNECT",
    admit(attributes) {
      if (!needsNamespace(attributes)) return;
      const { namespace: name, operation } = attributes;
      const namespace = reader.get(namespaces, "", name);
      if (namespace === undefined && operation === "CREATE") {
        const wanted = { namespace: "", name, clock, timeoutMs: missingNamespaceWaitMs };
        return waitFor(reader, namespaces, wanted).then((found) => checkNamespace(attributes, found));
      }
      checkNamespace(attributes, namespace);
    },
  };
}

/** Whether the state of the namespace matters to this write; refuses the end of immortal namespaces on the way. */
function needsNamespace(attributes: AdmissionAttributes): boolean {
  const { definition, operation, name, namespace } = attributes;
  if (definition.kind === "Namespace" && definition.group === "") {
    if (operation === "DELETE" && immortal.has(name)) {
      throw ApiError.forbidden({ group: "", resource: "namespaces" }, name, "this namespace may not be deleted");
    }
    return false;
  }
  if (namespace === "" || operation === "DELETE") return false;
  // Whoever asks about a namespace's permissions must not learn whether it exists.
  return !(definition.plural === "localsubjectaccessreviews" && definition.group === "authorization.k8s.io");
}

/** Refuses a write into a namespace that is not there, or a create in one that is being terminated. */
function checkNamespace(attributes: AdmissionAttributes, namespace: Namespace | undefined): void {
  const name = attributes.namespace;
  if (namespace === undefined) throw ApiError.notFound({ group: "", resource: "namespaces" }, name);
  if (attributes.operation !== "CREATE" || namespace.status?.phase !== "Terminating") return;
  const { status } = refused(
    attributes,
    `unable to create new content in namespace ${name} because it is being terminated`,
  );
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${name} is being terminated`,
    field: "metadata.namespace",
  };
  throw new ApiError({ ...status, details: { ...status.details, causes: [...(status.details?.causes ?? []), cause] } });
}
