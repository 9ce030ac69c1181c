import type { Area } from "../rule.ts";
import { affinity } from "./affinity.ts";
import { annotations, templateMetadata } from "./annotations.ts";
import { containers } from "./containers.ts";
import { env } from "./env.ts";
import { ephemeral } from "./ephemeral.ts";
import { volumeMounts } from "./mounts.ts";
import { containerPorts, templatePorts } from "./ports.ts";
import { probes } from "./probes.ts";
import { containerResources, overhead, podResources } from "./resources.ts";
import { restart } from "./restart.ts";
import { scheduling } from "./scheduling.ts";
import { security } from "./security.ts";
import { podSpec, templateSpec } from "./spec.ts";
import { gated, tokens } from "./updates.ts";
import { windows } from "./windows.ts";

const stopSignals = "dropped while ContainerStopSignals is off, where no stored pod has one";
const comparisons = "refused while TaintTolerationComparisonOperators is off, where no stored pod has one";

export const podsContainers: Area = {
  kinds: [
    containers,
    containerPorts,
    templatePorts,
    probes,
    restart,
    env,
    volumeMounts,
    containerResources,
    podResources,
    overhead,
    security,
    windows,
    scheduling,
    affinity,
    podSpec,
    templateSpec,
    annotations,
    templateMetadata,
    ephemeral,
    gated,
    tokens,
  ],
  unreachable: {
    "api/core/v1/pod/validation/downward.ts": {
      'if (apiVersion === "") return void check.errors.push(required(place.child("apiVersion")));': "v1 by default",
    },
    "api/core/v1/pod/validation/ephemeral-update.ts": {
      "validatePodAnnotationUpdate(": "the subresource keeps annotations as they are",
    },
    "api/core/v1/pod/validation/ports.ts": {
      'if (protocol === "") check.errors.push(required(at.child("protocol")));': "TCP by default",
    },
    "api/core/v1/pod/validation/probes.ts": {
      'validateStopSignal(check, lifecycle.stopSignal, place.child("stopSignal"));': stopSignals,
      'if (!action.path) check.errors.push(required(place.child("path")));': "/ by default",
    },
    "api/core/v1/pod/validation/scheduling.ts": {
      'if (check.options.allowTolerationComparison) validateComparison(check, value, place.child("value"));':
        comparisons,
      "for (const message of isDecimalInteger(value)) check.errors.push(invalid(place, value, message));": comparisons,
      "if (problem !== undefined) check.errors.push(invalid(place, value, problem));": comparisons,
    },
    "api/core/v1/pod/validation/signals.ts": {
      'check.errors.push(forbidden(place, "may not be set for containers with empty `spec.os.name`"));': stopSignals,
      "check.errors.push(notSupported(place, signal, supported));": stopSignals,
    },
    "api/core/v1/pod/validation/spec.ts": {
      'check.errors.push(required(place.child("terminationGracePeriodSeconds")));': "30 by default",
    },
  },
};
