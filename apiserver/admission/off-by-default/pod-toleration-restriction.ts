import { podQOSClass } from "../../../api/core/v1/pod/qos.ts";
import type { Namespace, Pod, Toleration } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { concerns, newObject } from "../refusal.ts";
import { contains, mergeTolerations } from "../runtime-class.ts";

const defaultsAnnotation = "scheduler.alpha.kubernetes.io/defaultTolerations";
const allowedAnnotation = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";
const memoryPressure: Toleration = {
  key: "node.kubernetes.io/memory-pressure",
  operator: "Exists",
  effect: "NoSchedule",
};

/** `podtolerationrestriction.admission.k8s.io Configuration`: for namespaces whose annotations say nothing. */
export interface PodTolerationConfiguration {
  readonly default?: readonly Toleration[];
  readonly whitelist?: readonly Toleration[];
}

/** Pods get the tolerations of their namespace, and may have no others than it allows (plugin/pkg/admission/podtolerationrestriction). */
export function podTolerationRestriction(
  reader: ObjectReader,
  namespaces: ResourceDefinition<Namespace>,
  configuration: PodTolerationConfiguration = {},
): AdmissionPlugin {
  const annotated = (name: string, key: string): readonly Toleration[] | undefined => {
    const namespace = reader.get(namespaces, "", name);
    if (namespace === undefined) throw ApiError.notFound({ group: "", resource: "namespaces" }, name);
    const text = namespace.metadata.annotations?.[key];
    return text === undefined ? undefined : text === "" ? [] : (JSON.parse(text) as Toleration[]);
  };
  return {
    name: "PodTolerationRestriction",
    handles: (attributes) =>
      (attributes.operation === "CREATE" || attributes.operation === "UPDATE") && concerns(attributes, "", "pods"),
    admit(attributes) {
      const pod = attributes.object as Draft<Pod>;
      const created = attributes.operation === "CREATE";
      const given = annotated(attributes.namespace, defaultsAnnotation) ?? configuration.default ?? [];
      const extra = created ? [...given] : [];
      if (qosOf(newObject<Pod>(attributes)) !== "BestEffort") extra.push(memoryPressure);
      if (extra.length === 0) return;
      pod.spec.tolerations = mergeTolerations(pod.spec.tolerations ?? [], extra).map((one) => thaw(one));
    },
    validate(attributes) {
      const tolerations = newObject<Pod>(attributes).spec.tolerations ?? [];
      if (tolerations.length === 0) return;
      const own = annotated(attributes.namespace, allowedAnnotation);
      const allowed = own ?? configuration.whitelist ?? [];
      if (allowed.length === 0 || tolerations.every((one) => allowed.some((whole) => contains(whole, one)))) return;
      const scope = own === undefined ? "cluster" : "namespace";
      throw new Error(
        `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${scope} whitelist`,
      );
    },
  };
}

function qosOf({ spec, status }: Pod): string {
  return status?.qosClass || podQOSClass(spec);
}
