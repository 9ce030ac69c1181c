import type { LimitRange, PersistentVolumeClaim, Pod } from "../../../api/generated/types/core-v1.ts";
import { formatAggregate } from "../../../apimachinery/field/errors.ts";
import type { ApiObject, Draft } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { refused } from "../refusal.ts";
import { claimProblems, podProblems, setDefaults } from "./limits.ts";

/** Keeps what LimitRanges say of pods and claims: defaults first, then bounds (plugin/pkg/admission/limitranger). */
export function limitRanger(reader: ObjectReader, limitRanges: ResourceDefinition<LimitRange>): AdmissionPlugin {
  return {
    name: "LimitRanger",
    handles: (attributes) => isConcerned(attributes) && attributes.oldObject?.metadata.deletionTimestamp === undefined,
    admit({ definition, namespace, object }) {
      if (definition.plural !== "pods") return;
      for (const range of reader.list(limitRanges, namespace))
        setDefaults(range, object as Draft<ApiObject> as Draft<Pod>);
    },
    validate(attributes) {
      const { definition, namespace } = attributes;
      const object = attributes.object as ApiObject;
      for (const range of reader.list(limitRanges, namespace)) {
        const problems =
          definition.plural === "pods"
            ? podProblems(range, object as Pod)
            : claimProblems(range, object as PersistentVolumeClaim);
        if (problems.length > 0) throw refused(attributes, formatAggregate(problems));
      }
    },
  };
}

/** Pods are looked at when they are made and when they are resized, claims whenever they are written. */
function isConcerned({ definition, operation, subresource }: AdmissionAttributes): boolean {
  if (definition.group !== "") return false;
  if (definition.plural === "pods") {
    return (operation === "CREATE" && subresource === "") || (operation === "UPDATE" && subresource === "resize");
  }
  const writes = operation === "CREATE" || operation === "UPDATE";
  return definition.plural === "persistentvolumeclaims" && writes && subresource === "";
}
