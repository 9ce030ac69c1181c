import type { Pod, Toleration } from "../../api/generated/types/core-v1.ts";
import type { RuntimeClass } from "../../api/generated/types/node-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { isPresent } from "../../apimachinery/schema/sent-empty.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns, newObject, refused } from "./refusal.ts";

/** Charges a pod the overhead of its runtime class and sends it to nodes that have it (plugin/pkg/admission/runtimeclass). */
export function runtimeClassAdmission(
  reader: ObjectReader,
  classes: ResourceDefinition<RuntimeClass>,
): AdmissionPlugin {
  const classOf = (attributes: AdmissionAttributes): RuntimeClass | undefined => {
    const name = newObject<Pod>(attributes).spec.runtimeClassName;
    if (name === undefined) return undefined;
    const found = reader.get(classes, "", name);
    if (found === undefined) throw refused(attributes, `pod rejected: RuntimeClass ${goQuote(name)} not found`);
    return found;
  };
  return {
    name: "RuntimeClass",
    handles: (attributes) => attributes.operation === "CREATE" && concerns(attributes, "", "pods"),
    admit(attributes) {
      const found = classOf(attributes);
      if (found === undefined) return;
      setOverhead(attributes, attributes.object as Draft<Pod>, found);
      setScheduling(attributes, attributes.object as Draft<Pod>, found);
    },
    validate(attributes) {
      const overhead = classOf(attributes)?.overhead;
      const { spec } = newObject<Pod>(attributes);
      if (overhead !== undefined) {
        if (!semanticEqual(overhead.podFixed ?? {}, spec.overhead ?? {})) throw refused(attributes, mismatch);
      } else if (isPresent(spec, "overhead")) {
        throw refused(attributes, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
      }
    },
  };
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

function setOverhead(attributes: AdmissionAttributes, { spec }: Draft<Pod>, { overhead }: RuntimeClass): void {
  if (overhead === undefined) return;
  const fixed = overhead.podFixed ?? {};
  if (Object.keys(spec.overhead ?? {}).length > 0 && !semanticEqual(fixed, spec.overhead))
    throw refused(attributes, mismatch);
  spec.overhead = { ...fixed };
}

function setScheduling(attributes: AdmissionAttributes, { spec }: Draft<Pod>, { scheduling }: RuntimeClass): void {
  if (scheduling === undefined) return;
  const selector = { ...spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      throw refused(
        attributes,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    }
    selector[key] = value;
  }
  if (Object.keys(selector).length > 0) spec.nodeSelector = selector;
  const tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations ?? []);
  if (tolerations.length > 0) spec.tolerations = tolerations.map((one) => thaw(one));
}

/** Both lists as one, without those that another one contains (pkg/util/tolerations MergeTolerations). */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [i, one] of all.entries()) {
    const contained =
      merged.some((other) => contains(other, one)) ||
      all.slice(i + 1).some((other) => !semanticEqual(one, other) && contains(other, one));
    if (!contained) merged.push(one);
  }
  return merged;
}

/** Whether whatever tolerates `part` is tolerated by `whole` too. */
export function contains(whole: Toleration, part: Toleration): boolean {
  if (semanticEqual(whole, part)) return true;
  if ((part.key ?? "") !== (whole.key ?? "") && (whole.key || whole.operator !== "Exists")) return false;
  if ((part.effect ?? "") !== (whole.effect ?? "") && whole.effect) return false;
  const { tolerationSeconds } = whole;
  if (whole.effect === "NoExecute" && tolerationSeconds !== undefined) {
    if (part.tolerationSeconds === undefined || part.tolerationSeconds > tolerationSeconds) return false;
  }
  if (whole.operator === "Exists") return true;
  return (
    (whole.operator ?? "Equal") === "Equal" && part.operator === "Equal" && (part.value ?? "") === (whole.value ?? "")
  );
}
