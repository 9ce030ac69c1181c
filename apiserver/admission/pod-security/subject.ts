import type { Pod, PodTemplateSpec } from "../../../api/generated/types/core-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import type { PodView } from "./check.ts";

type Extract = (object: ApiObject) => PodTemplateSpec | undefined;

interface WithTemplate extends ApiObject {
  readonly spec?: { readonly template?: PodTemplateSpec };
}

const ofSpec: Extract = (object) => (object as WithTemplate).spec?.template;

/** Where resources that make pods keep what they make them of. */
const templates: ReadonlyMap<string, Extract> = new Map<string, Extract>([
  ["replicationcontrollers.", ofSpec],
  ["podtemplates.", (object) => (object as { readonly template?: PodTemplateSpec }).template],
  ["replicasets.apps", ofSpec],
  ["deployments.apps", ofSpec],
  ["statefulsets.apps", ofSpec],
  ["daemonsets.apps", ofSpec],
  ["jobs.batch", ofSpec],
  [
    "cronjobs.batch",
    (object) =>
      (object as { readonly spec?: { readonly jobTemplate?: WithTemplate } }).spec?.jobTemplate?.spec?.template,
  ],
]);

const ignoredSubresources: ReadonlySet<string> = new Set([
  "exec",
  "attach",
  "binding",
  "eviction",
  "log",
  "portforward",
  "proxy",
  "status",
]);

export type Subject = "namespace" | "pod" | "controller";

/** What kind of thing a write is about; undefined where pod security has nothing to say of it. */
export function subjectOf({ definition, subresource }: AdmissionAttributes): Subject | undefined {
  const { group, plural } = definition;
  if (group === "" && plural === "pods") return ignoredSubresources.has(subresource) ? undefined : "pod";
  if (subresource !== "") return undefined;
  if (group === "" && plural === "namespaces") return "namespace";
  return templates.has(`${plural}.${group}`) ? "controller" : undefined;
}

/** The pod that a controller's object would make; undefined where it has no template. */
export function templateOf({ definition, object }: AdmissionAttributes): PodView | undefined {
  const template = templates.get(`${definition.plural}.${definition.group}`)?.(object as ApiObject);
  if (template === undefined) return undefined;
  return { metadata: template.metadata ?? {}, spec: template.spec ?? {} };
}

/** Whether an update is of something that the standards speak of: images, and containers that come or go. */
export function isSignificantUpdate({ spec }: Pod, { spec: old }: Pod): boolean {
  return (
    differ(spec.containers, old.containers) ||
    differ(spec.initContainers, old.initContainers) ||
    (spec.ephemeralContainers ?? []).some(
      ({ name, image }) => old.ephemeralContainers?.find((other) => other.name === name)?.image !== image,
    )
  );
}

function differ(containers: Pod["spec"]["initContainers"] = [], old: Pod["spec"]["initContainers"] = []): boolean {
  return containers.length !== old.length || containers.some(({ image }, i) => image !== old[i]!.image);
}
