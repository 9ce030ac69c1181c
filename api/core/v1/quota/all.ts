import { deviceClaimEvaluator } from "./device-claims.ts";
import type { QuotaEvaluator } from "./evaluator.ts";
import { objectCountEvaluator } from "./object-count.ts";
import { podEvaluator } from "./pods.ts";
import { serviceEvaluator } from "./services.ts";
import { volumeClaimEvaluator } from "./volume-claims.ts";

/** Those that count more than objects (pkg/quota/v1/evaluator/core NewEvaluators). */
export const specialEvaluators: readonly QuotaEvaluator[] = [
  podEvaluator,
  serviceEvaluator,
  volumeClaimEvaluator,
  deviceClaimEvaluator,
  objectCountEvaluator("", "configmaps", "configmaps"),
  objectCountEvaluator("", "resourcequotas", "resourcequotas"),
  objectCountEvaluator("", "replicationcontrollers", "replicationcontrollers"),
  objectCountEvaluator("", "secrets", "secrets"),
];

const special = new Map(specialEvaluators.map((one) => [`${one.plural}.${one.group}`, one]));

/** Virtual, or never counted (pkg/quota/v1/install DefaultIgnoredResources). */
const ignored: ReadonlySet<string> = new Set([
  "bindings.",
  "componentstatuses.",
  "tokenreviews.authentication.k8s.io",
  "selfsubjectreviews.authentication.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
  "selfsubjectaccessreviews.authorization.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
  "events.",
  "events.events.k8s.io",
]);

/** How a resource counts: any counts its objects. Undefined where it does not count at all. */
export function evaluatorOf(group: string, plural: string): QuotaEvaluator | undefined {
  const name = `${plural}.${group}`;
  if (ignored.has(name)) return undefined;
  let found = special.get(name);
  if (found === undefined) {
    found = objectCountEvaluator(group, plural);
    // Bounded by the resources that are served; names of custom ones come and go.
    if (special.size < 10_000) special.set(name, found);
  }
  return found;
}
