import type { Namespace } from "../../api/generated/types/core-v1.ts";
import type {
  DeviceRequest,
  DeviceRequestAllocationResult,
  ResourceClaim,
  ResourceClaimTemplate,
} from "../../api/generated/types/resource-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { forbidden } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns } from "./refusal.ts";

const group = "resource.k8s.io";
const label = "resource.kubernetes.io/admin-access";

/**
 * Devices that others use may be looked into only by claims of namespaces that are labelled for it
 * (pkg/registry/resource AuthorizedForAdmin, AuthorizedForAdminStatus).
 */
export function deviceAdminAccess(reader: ObjectReader, namespaces: ResourceDefinition<Namespace>): AdmissionPlugin {
  return {
    name: "DeviceAdminAccess",
    handles: (attributes) =>
      (attributes.operation === "CREATE" && concerns(attributes, group, "resourceclaims")) ||
      (attributes.operation === "CREATE" && concerns(attributes, group, "resourceclaimtemplates")) ||
      (attributes.operation === "UPDATE" && concerns(attributes, group, "resourceclaims", "status")),
    validate(attributes) {
      const place = wantedAt(attributes);
      if (place === undefined) return;
      const { definition, name, namespace } = attributes;
      if (reader.get(namespaces, "", namespace)?.metadata.labels?.[label] === "true") return;
      const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
      throw ApiError.invalid(definition, name, [forbidden(place, detail)]);
    },
  };
}

/** Where it is asked for; undefined where it is not, or was granted before. */
function wantedAt({ definition, subresource, object, oldObject }: AdmissionAttributes) {
  if (subresource === "status") {
    const results = (claim: ApiObject | undefined): readonly DeviceRequestAllocationResult[] =>
      (claim as ResourceClaim | undefined)?.status?.allocation?.devices?.results ?? [];
    if (results(oldObject).some(({ adminAccess }) => adminAccess)) return undefined;
    const index = results(object as ApiObject).findIndex(({ adminAccess }) => adminAccess);
    return index < 0 ? undefined : path("status", "allocation", "devices", "results").index(index).child("adminAccess");
  }
  const isTemplate = definition.plural === "resourceclaimtemplates";
  const spec = isTemplate
    ? (object as unknown as ResourceClaimTemplate).spec?.spec
    : (object as unknown as ResourceClaim).spec;
  const requests: readonly DeviceRequest[] = spec?.devices?.requests ?? [];
  const index = requests.findIndex(({ exactly }) => exactly?.adminAccess);
  return index < 0 ? undefined : path("spec", "devices", "requests").index(index).child("adminAccess");
}
