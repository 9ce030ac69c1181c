import type { Pod } from "../../api/generated/types/core-v1.ts";
import type { PriorityClass } from "../../api/generated/types/scheduling-v1.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns, newObject, refused } from "./refusal.ts";

const group = "scheduling.k8s.io";

/** The classes that every cluster has (pkg/apis/scheduling/v1 SystemPriorityClasses). */
const systemPriorityClasses: readonly object[] = [
  systemClass(
    "system-node-critical",
    2_000_001_000,
    "Used for system critical pods that must not be moved from their current node.",
  ),
  systemClass(
    "system-cluster-critical",
    2_000_000_000,
    "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  ),
];

function systemClass(name: string, value: number, description: string): object {
  return {
    apiVersion: `${group}/v1`,
    kind: "PriorityClass",
    metadata: { name },
    value,
    description,
    preemptionPolicy: "PreemptLowerPriority",
  };
}

/** Makes the system's classes exist, as the server starts. */
export async function ensureSystemPriorityClasses(
  reader: ObjectReader,
  writer: ObjectWriter,
  classes: ResourceDefinition<PriorityClass>,
): Promise<void> {
  for (const wanted of systemPriorityClasses as readonly PriorityClass[]) {
    if (reader.get(classes, "", wanted.metadata.name!) !== undefined) continue;
    await writer.create(classes, wanted).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  }
}

/** Turns a pod's priority class into its priority (plugin/pkg/admission/priority). */
export function priorityAdmission(reader: ObjectReader, classes: ResourceDefinition<PriorityClass>): AdmissionPlugin {
  return {
    name: "Priority",
    handles: (attributes) =>
      (attributes.operation === "CREATE" || attributes.operation === "UPDATE") &&
      (concerns(attributes, "", "pods") || concerns(attributes, group, "priorityclasses")),
    admit(attributes) {
      if (attributes.definition.plural !== "pods") return;
      const pod = attributes.object as Draft<Pod>;
      if (attributes.operation === "UPDATE") keepPriority(pod, attributes.oldObject as Pod);
      else
        setPriority(attributes, pod, (name) =>
          name === "" ? defaultClass(reader.list(classes)) : reader.get(classes, "", name),
        );
    },
    validate(attributes) {
      if (attributes.definition.plural !== "priorityclasses") return;
      const wanted = newObject<PriorityClass>(attributes);
      if (!wanted.globalDefault) return;
      const present = defaultClass(reader.list(classes));
      if (
        present !== undefined &&
        (attributes.operation === "CREATE" || present.metadata.name !== wanted.metadata.name)
      ) {
        throw refused(
          attributes,
          `PriorityClass ${present.metadata.name} is already marked as default. Only one default can exist`,
        );
      }
    },
  };
}

/** Several defaults can only come of a race: the lowest counts. */
function defaultClass(classes: Iterable<PriorityClass>): PriorityClass | undefined {
  let found: PriorityClass | undefined;
  for (const one of classes) if (one.globalDefault && (found === undefined || found.value > one.value)) found = one;
  return found;
}

function keepPriority(pod: Draft<Pod>, old: Pod): void {
  if (pod.spec.priority === undefined && old.spec.priority !== undefined) pod.spec.priority = old.spec.priority;
  if (pod.spec.preemptionPolicy === undefined && old.spec.preemptionPolicy !== undefined)
    pod.spec.preemptionPolicy = old.spec.preemptionPolicy;
}

function setPriority(
  attributes: AdmissionAttributes,
  pod: Draft<Pod>,
  find: (name: string) => PriorityClass | undefined,
): void {
  const { spec } = pod;
  const name = spec.priorityClassName ?? "";
  const found = find(name);
  if (name !== "" && found === undefined) throw refused(attributes, `no PriorityClass with name ${name} was found`);
  const priority = found?.value ?? 0;
  if (spec.priority !== undefined && spec.priority !== priority) {
    throw refused(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  }
  const policy = found === undefined ? "PreemptLowerPriority" : found.preemptionPolicy;
  if (policy !== undefined && spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refused(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
  if (found !== undefined) spec.priorityClassName = found.metadata.name!;
  spec.priority = priority;
  if (policy !== undefined) spec.preemptionPolicy = policy;
}
