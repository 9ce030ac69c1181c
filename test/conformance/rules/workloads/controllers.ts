import type { Area } from "../rule.ts";
import { autoscaler, autoscalerV1 } from "./autoscaler.ts";
import { controllerRevision } from "./controller-revision.ts";
import { daemonSet } from "./daemon-set.ts";
import { deployment } from "./deployment.ts";
import { podDisruptionBudget } from "./pod-disruption-budget.ts";
import { replicaSet } from "./replica-set.ts";
import { statefulSet } from "./stateful-set.ts";

const inGood = "what is stored has a good selector";
const defaulted = "defaults give one";
const notYet = "dropped while MaxUnavailableStatefulSet is off, where no stored set has it";
const neverBad = "no stored template is bad";

/** What makes pods run on, and what bears on how many. */
export const controllers: Area = {
  kinds: [
    deployment,
    replicaSet,
    daemonSet,
    statefulSet,
    controllerRevision,
    autoscaler,
    autoscalerV1,
    podDisruptionBudget,
  ],
  unreachable: {
    "api/apps/v1/daemonset.ts": { "selectorColumn<DaemonSet>(({ spec }) => spec.selector),": inGood },
    "api/apps/v1/deployment.ts": {
      'wideColumn("Selector", ({ spec }) => String(selectorOf(spec.selector) ?? "<invalid>")),': inGood,
    },
    "api/apps/v1/replicas.ts": { 'selector: ({ spec }) => String(selectorOf(spec.selector) ?? ""),': inGood },
    "api/apps/v1/replicaset.ts": { "selectorColumn<ReplicaSet>(({ spec }) => spec.selector),": inGood },
    "api/apps/v1/rolling-update.ts": {
      'if (rollingUpdate === undefined) check.errors.push(required(at, "this should be defaulted and never be nil"));':
        defaulted,
      '} else if (rollingUpdate === undefined) check.errors.push(required(place.child("rollingUpdate")));': defaulted,
      'if (type === "") check.errors.push(required(place));': defaulted,
      'if (magnitude(maxUnavailable) === 0) check.errors.push(invalid(at, maxUnavailable, "cannot be 0"));': notYet,
      "validateAmount(check, maxUnavailable, at);": notYet,
      "validateAtMostAll(check, maxUnavailable, at);": notYet,
    },
    "api/apps/v1/statefulset.ts": {
      "if (!isBroken(old)) validatePodTemplate(check, template, templatePath);": neverBad,
      'if (policy === "") check.errors.push(required(policyPath));': defaulted,
      "validatePodTemplate(check, podTemplateOf(old), templatePath);": neverBad,
    },
  },
};
