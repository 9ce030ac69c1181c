import { isExtendedResource } from "../../../api/core/v1/pod/resource-names.ts";
import type { Pod, ResourceRequirements, Service, Toleration } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { concerns, newObject, refused } from "../refusal.ts";

const writes = ({ operation }: AdmissionAttributes): boolean => operation === "CREATE" || operation === "UPDATE";

/** External addresses of services stay as they are, or become fewer (plugin/pkg/admission/network/denyserviceexternalips). */
export const denyServiceExternalIPs: AdmissionPlugin = {
  name: "DenyServiceExternalIPs",
  handles: (attributes) => writes(attributes) && concerns(attributes, "", "services"),
  validate(attributes) {
    const wanted = newObject<Service>(attributes).spec?.externalIPs ?? [];
    const old = (attributes.oldObject as Service | undefined)?.spec?.externalIPs ?? [];
    if (wanted.every((ip) => old.includes(ip))) return;
    throw refused(attributes, "Use of external IPs is denied by admission control");
  },
};

/** A pod tolerates the taints that bear the names of the extended resources it asks for. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: "ExtendedResourceToleration",
  handles: (attributes) => writes(attributes) && concerns(attributes, "", "pods"),
  admit({ object }) {
    const { spec } = object as Draft<Pod>;
    const names = new Set<string>();
    for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
      for (const name in (resources as ResourceRequirements | undefined)?.requests) {
        if (isExtendedResource(name)) names.add(name);
      }
    }
    for (const key of [...names].sort()) addToleration(spec, { key, operator: "Exists", effect: "NoSchedule" });
  },
};

function addToleration(spec: Draft<Pod["spec"]>, wanted: Toleration): void {
  const rest = (spec.tolerations ?? []).map((one) =>
    one.key === wanted.key && one.effect === wanted.effect && one.operator === wanted.operator && !one.value
      ? wanted
      : one,
  );
  spec.tolerations = rest.includes(wanted) ? rest : [...rest, wanted];
}

const hostname = "kubernetes.io/hostname";

/** Pods may refuse company on their node, not in their zone (plugin/pkg/admission/antiaffinity). */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: "LimitPodHardAntiAffinityTopology",
  handles: (attributes) => writes(attributes) && concerns(attributes, "", "pods"),
  validate(attributes) {
    const pod = newObject<Pod>(attributes);
    const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const { topologyKey } of terms) {
      if (topologyKey === hostname) continue;
      throw ApiError.forbidden(
        { group: "", resource: "pods" },
        pod.metadata.name ?? "",
        `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${topologyKey} but only key ${hostname} is allowed`,
      );
    }
  },
};
