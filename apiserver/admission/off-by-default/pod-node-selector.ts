import type { Namespace, Pod } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { concerns, newObject } from "../refusal.ts";

const annotation = "scheduler.alpha.kubernetes.io/node-selector";
type Labels = Readonly<Record<string, string>>;

/**
 * Pods of a namespace go to the nodes that its annotation names (plugin/pkg/admission/podnodeselector). `selectors` are the
 * configuration: `clusterDefaultNodeSelector` for namespaces without the annotation, and what may be asked for, by namespace.
 */
export function podNodeSelector(
  reader: ObjectReader,
  namespaces: ResourceDefinition<Namespace>,
  selectors: Labels = {},
): AdmissionPlugin {
  const ofNamespace = (name: string): Labels => {
    const namespace = reader.get(namespaces, "", name);
    if (namespace === undefined) throw ApiError.internal(new Error(`namespace ${name} does not exist`));
    return parse(namespace.metadata.annotations?.[annotation] ?? selectors["clusterDefaultNodeSelector"] ?? "");
  };
  const checkConflict = (pod: Pod, wanted: Labels): void => {
    const own = pod.spec.nodeSelector ?? {};
    const conflict = Object.keys(wanted).some((key) => own[key] !== undefined && own[key] !== wanted[key]);
    if (conflict) throw forbidden(pod, "pod node label selector conflicts with its namespace node label selector");
  };
  return {
    name: "PodNodeSelector",
    handles: (attributes) => attributes.operation === "CREATE" && concerns(attributes, "", "pods"),
    admit(attributes) {
      const pod = attributes.object as Draft<Pod>;
      const wanted = ofNamespace(attributes.namespace);
      checkConflict(newObject<Pod>(attributes), wanted);
      const merged = { ...wanted, ...pod.spec.nodeSelector };
      if (Object.keys(merged).length > 0) pod.spec.nodeSelector = merged;
    },
    validate(attributes) {
      const pod = newObject<Pod>(attributes);
      checkConflict(pod, ofNamespace(attributes.namespace));
      const allowed = parse(selectors[attributes.namespace] ?? "");
      if (Object.keys(allowed).length === 0) return;
      const within = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => allowed[key] === value);
      if (!within) throw forbidden(pod, "pod node label selector labels conflict with its namespace whitelist");
    },
  };
}

function forbidden({ metadata }: Pod, message: string): ApiError {
  return ApiError.forbidden({ group: "", resource: "pods" }, metadata.name ?? "", message);
}

/** `a=b,c=d`. */
function parse(text: string): Labels {
  if (text === "") return {};
  return Object.fromEntries(
    text.split(",").map((part) => {
      const sides = part.split("=");
      if (sides.length !== 2) throw new Error(`invalid selector: [${sides.join(" ")}]`);
      return [sides[0]!.trim(), sides[1]!.trim()];
    }),
  );
}
