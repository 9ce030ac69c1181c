import { dotsInLabel, negative, notDNSLabel, notQualifiedName } from "../messages.ts";
import {
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { behavior } from "./autoscaler-behavior.ts";

const target = "spec.scaleTargetRef";
const metric = "spec.metrics[0]";
const types = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "a" };
const average = { type: "AverageValue", averageValue: "1" };
const resource = { name: "cpu", target: { type: "Utilization", averageUtilization: 1 } };
const described = { kind: "Service", name: "a" };
const noSegment = ["a/b", "a%b"];
const within = (text: string): string => `may not contain '${text.charAt(1)}'`;
const measured = (type: string, field: string, source: Json) => ({ [metric]: { type, [field]: source } });
const missing = "must populate information for the given metric source";
const only = "must populate the given metric source only";

/** What names a thing in a URL's path. */
function segmentRefusals(place: string, change: (text: string) => Readonly<Record<string, Json>>) {
  return [
    ...noSegment.map((text) => refused(change(text), invalid(place, text, within(text)))),
    ...[".", ".."].map((text) => refused(change(text), invalid(place, text, `may not be '${text}'`))),
  ];
}

/** Sources with a metric of a name and a target, told as a field of this type. */
const named: readonly (readonly [string, string, JsonObject])[] = [
  ["Object", "object", { describedObject: described, metric: { name: "a" }, target: average }],
  ["External", "external", { metric: { name: "a" }, target: average }],
  ["Pods", "pods", { metric: { name: "a" }, target: average }],
];
const ofResources: readonly (readonly [string, string, JsonObject])[] = [
  ["Resource", "resource", resource],
  ["ContainerResource", "containerResource", { ...resource, container: "a" }],
];

const metricNames = named.map(([type, field, source]): Rule => {
  const place = `${metric}.${field}.metric.name`;
  const change = (name: Json) => measured(type, field, { ...source, metric: { name } });
  return {
    says: `a metric of type ${type} has a name`,
    accepts: change("a.b:c"),
    refuses: [refused(change(""), required(place, "must specify a metric name")), ...segmentRefusals(place, change)],
  };
});

const targets = [...named, ...ofResources].map(([type, field, source]): Rule => {
  const place = `${metric}.${field}.target`;
  const change = (more: JsonObject) =>
    measured(type, field, { ...source, target: { ...(source["target"] as JsonObject), ...more } });
  return {
    says: `a metric of type ${type} has a target above zero`,
    accepts: [change({}), change({ type: "Value" })],
    refuses: [
      refused(
        change({ type: "" }),
        required(`${place}.type`, "must specify a metric target type"),
        invalid(`${place}.type`, "", "must be either Utilization, Value, or AverageValue"),
      ),
      refused(
        change({ type: "Sum" }),
        invalid(`${place}.type`, "Sum", "must be either Utilization, Value, or AverageValue"),
      ),
    ],
  };
});

/** Of a target without an amount, and with amounts that are not positive. */
const amounts: readonly Rule[] = [
  {
    says: "an object's metric has a value or an average",
    accepts: [
      measured("Object", "object", { ...named[0]![2], target: { type: "Value", value: "1" } }),
      measured("Object", "object", { ...named[0]![2], target: { type: "Value", value: "1", averageValue: "1" } }),
    ],
    refuses: [
      refused(
        measured("Object", "object", { ...named[0]![2], target: { type: "Value" } }),
        required(`${metric}.object.target.averageValue`, "must set either a target value or averageValue"),
      ),
      refused(
        measured("Object", "object", { ...named[0]![2], target: { type: "Value", value: "0" } }),
        invalid(`${metric}.object.target.value`, "0", "must be positive"),
      ),
      refused(
        measured("Object", "object", { ...named[0]![2], target: { type: "Value", averageValue: "-1" } }),
        invalid(`${metric}.object.target.averageValue`, "-1", "must be positive"),
      ),
    ],
  },
  {
    says: "a metric from outside has a value or an average, not both",
    accepts: measured("External", "external", { metric: { name: "a" }, target: { type: "Value", value: "1" } }),
    refuses: [
      refused(
        measured("External", "external", { metric: { name: "a" }, target: { type: "Value" } }),
        required(
          `${metric}.external.target.averageValue`,
          "must set either a target value for metric or a per-pod target",
        ),
      ),
      refused(
        measured("External", "external", { metric: { name: "a" }, target: { ...average, value: "1" } }),
        forbidden(`${metric}.external.target.value`, "may not set both a target value for metric and a per-pod target"),
      ),
    ],
  },
  {
    says: "a metric of pods has an average",
    accepts: measured("Pods", "pods", { metric: { name: "a" }, target: { ...average, value: "1" } }),
    refuses: refused(
      measured("Pods", "pods", { metric: { name: "a" }, target: { type: "Value", value: "1" } }),
      required(`${metric}.pods.target.averageValue`, "must specify a positive target averageValue"),
    ),
  },
  ...ofResources.map(([type, field, source]): Rule => {
    const place = `${metric}.${field}.target`;
    const change = (...amount: readonly JsonObject[]) =>
      measured(type, field, { ...source, target: Object.assign({ type: "Value" }, ...amount) as JsonObject });
    return {
      says: `a metric of type ${type} has an average or a share, not both`,
      accepts: [change({ averageValue: "1" }), change({ averageUtilization: 1 })],
      refuses: [
        refused(
          change(),
          required(`${place}.averageUtilization`, "must set either a target raw value or a target utilization"),
        ),
        refused(
          change({ averageValue: "1", averageUtilization: 1 }),
          forbidden(`${place}.averageValue`, "may not set both a target raw value and a target utilization"),
        ),
        refused(change({ averageUtilization: 0 }), invalid(`${place}.averageUtilization`, 0, "must be greater than 0")),
      ],
    };
  }),
];

const metrics: readonly Rule[] = [
  {
    says: "a metric is of one of the types",
    accepts: [...named, ...ofResources].map(([type, field, source]) => measured(type, field, source)),
    refuses: [
      refused(
        measured("", "resource", resource),
        required(`${metric}.type`, "must specify a metric source type"),
        notSupported(`${metric}.type`, "", types),
        notSupported(`${metric}.type`, "", types),
      ),
      refused(
        measured("resource", "resource", resource),
        notSupported(`${metric}.type`, "resource", types),
        notSupported(`${metric}.type`, "resource", types),
      ),
    ],
  },
  {
    says: "a metric has the source of its type, and no other",
    accepts: [],
    refuses: [
      ...[...named, ...ofResources].map(([type, field]) =>
        refused({ [metric]: { type } }, required(`${metric}.${field}`, missing)),
      ),
      refused({ [metric]: { type: "Pods", pods: named[2]![2], resource: {} } }, forbidden(`${metric}.resource`, only)),
      refused(
        { [metric]: { type: "Resource", external: named[1]![2], resource: {} } },
        forbidden(`${metric}.external`, only),
      ),
    ],
  },
  {
    says: "an object that is described has a kind and a name",
    accepts: measured("Object", "object", {
      ...named[0]![2],
      describedObject: { apiVersion: "v1", kind: "Service", name: "a" },
    }),
    refuses: [
      refused(
        measured("Object", "object", { ...named[0]![2], describedObject: {} }),
        required(`${metric}.object.describedObject.kind`),
        required(`${metric}.object.describedObject.name`),
      ),
      refused(
        measured("Object", "object", { ...named[0]![2], describedObject: { ...described, apiVersion: "a/b/c" } }),
        invalid(`${metric}.object.describedObject.apiVersion`, "a/b/c", "unexpected GroupVersion string: a/b/c"),
      ),
    ],
  },
  ...metricNames,
  ...targets,
  ...amounts,
  {
    says: "a resource has a name",
    accepts: measured("Resource", "resource", { ...resource, name: "a b" }),
    refuses: ofResources.map(([type, field, source]) =>
      refused(
        measured(type, field, { ...source, name: "" }),
        required(`${metric}.${field}.name`, "must specify a resource name"),
      ),
    ),
  },
  {
    says: "a resource of a container is one of containers",
    accepts: measured("ContainerResource", "containerResource", { ...resource, name: "a.b/c", container: "a" }),
    refuses: [
      refused(
        measured("ContainerResource", "containerResource", { ...resource, name: "pods", container: "a" }),
        invalid(`${metric}.containerResource.name`, "pods", "must be a standard resource for containers"),
      ),
      refused(
        measured("ContainerResource", "containerResource", { ...resource, name: "a b", container: "a" }),
        invalid(`${metric}.containerResource.name`, "a b", notQualifiedName),
        invalid(`${metric}.containerResource.name`, "a b", "must be a standard resource for containers"),
      ),
    ],
  },
  {
    says: "a container has a name",
    accepts: measured("ContainerResource", "containerResource", { ...resource, container: "a" }),
    refuses: [
      refused(
        measured("ContainerResource", "containerResource", resource),
        required(`${metric}.containerResource.container`, "must specify a container"),
      ),
      refused(
        measured("ContainerResource", "containerResource", { ...resource, container: "A" }),
        invalid(`${metric}.containerResource.container`, "A", notDNSLabel),
      ),
      refused(
        measured("ContainerResource", "containerResource", { ...resource, container: "a.b" }),
        invalid(`${metric}.containerResource.container`, "a.b", dotsInLabel),
      ),
    ],
  },
];

const toZero = forbidden(
  "spec.metrics",
  "must specify at least one Object or External metric to support scaling to zero replicas",
);
const bounds: readonly Rule[] = [
  {
    says: "there is one replica at least",
    accepts: { "spec.minReplicas": 1 },
    refuses: [
      refused({ "spec.minReplicas": 0 }, invalid("spec.minReplicas", 0, "must be greater than or equal to 1"), toZero),
      refused({ "spec.minReplicas": -1 }, invalid("spec.minReplicas", -1, "must be greater than or equal to 1")),
    ],
  },
  {
    says: "there may be as many replicas as there must be",
    accepts: { "spec.minReplicas": 2, "spec.maxReplicas": 2 },
    refuses: [
      refused(
        { "spec.minReplicas": 2, "spec.maxReplicas": 1 },
        invalid("spec.maxReplicas", 1, "must be greater than or equal to `minReplicas`"),
      ),
      ...[0, undefined].map((max) =>
        refused(
          { "spec.maxReplicas": max },
          required("spec.maxReplicas", "must be set and greater than 0"),
          invalid("spec.maxReplicas", 0, "must be greater than or equal to `minReplicas`"),
        ),
      ),
      refused(
        { "spec.maxReplicas": -1 },
        invalid("spec.maxReplicas", -1, "must be greater than or equal to 1"),
        invalid("spec.maxReplicas", -1, "must be greater than or equal to `minReplicas`"),
      ),
    ],
  },
];
const noGroup = "apiVersion must specify API group";
const scaled: Rule = {
  says: "what is scaled has a group, a kind and a name",
  accepts: [
    { [target]: { apiVersion: "a/b", kind: "C", name: "d" } },
    { [target]: { kind: "ReplicationController", name: "a" } },
    { [target]: { apiVersion: "v1", kind: "ReplicationController", name: "a" } },
  ],
  refuses: [
    refused({ [`${target}.kind`]: "" }, required(`${target}.kind`)),
    refused({ [`${target}.name`]: "" }, required(`${target}.name`)),
    ...["kind", "name"].flatMap((field) =>
      segmentRefusals(`${target}.${field}`, (text) => ({ [`${target}.${field}`]: text })),
    ),
    refused({ [`${target}.apiVersion`]: undefined }, invalid(`${target}.apiVersion`, "", noGroup)),
    refused({ [`${target}.apiVersion`]: "v1" }, invalid(`${target}.apiVersion`, "v1", noGroup)),
    refused({ [`${target}.apiVersion`]: "/v1" }, invalid(`${target}.apiVersion`, "/v1", noGroup)),
    refused(
      { [`${target}.apiVersion`]: "a/b/c" },
      invalid(`${target}.apiVersion`, "a/b/c", "unexpected GroupVersion string: a/b/c"),
    ),
  ],
};

export const autoscaler: KindRules = {
  group: "autoscaling",
  kind: "HorizontalPodAutoscaler",
  path: "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
  valid: { metadata: { name: "rules" }, spec: { scaleTargetRef, maxReplicas: 3 } },
  create: [...bounds, scaled, ...metrics, ...behavior],
  update: [
    {
      says: "another kind of what is scaled has a group",
      accepts: { [target]: { apiVersion: "a/b", kind: "C", name: "d" } },
      refuses: [
        refused({ [`${target}.apiVersion`]: "v1" }, invalid(`${target}.apiVersion`, "v1", noGroup)),
        refused({ "spec.minReplicas": -1 }, invalid("spec.minReplicas", -1, "must be greater than or equal to 1")),
      ],
    },
    {
      says: "what had no group may keep having none",
      stored: { [target]: { kind: "ReplicationController", name: "a" } },
      accepts: { [`${target}.name`]: "b" },
      refuses: refused({ [`${target}.kind`]: "Deployment" }, invalid(`${target}.apiVersion`, "", noGroup)),
    },
  ],
  subresources: {
    status: ["currentReplicas", "desiredReplicas"].map((count) => ({
      says: `${count} is not negative`,
      accepts: { [`status.${count}`]: 0 },
      refuses: refused({ [`status.${count}`]: -1 }, invalid(`status.${count}`, -1, negative)),
    })),
  },
};

/** The older form, whose errors are told of the newer one. */
export const autoscalerV1: KindRules = {
  group: "autoscaling",
  kind: "HorizontalPodAutoscaler",
  path: "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
  valid: { metadata: { name: "rules" }, spec: { scaleTargetRef, maxReplicas: 3 } },
  create: [
    ...bounds,
    scaled,
    {
      says: "a share of CPU is above zero",
      accepts: { "spec.targetCPUUtilizationPercentage": 1 },
      refuses: refused(
        { "spec.targetCPUUtilizationPercentage": 0 },
        invalid(`${metric}.resource.target.averageUtilization`, 0, "must be greater than 0"),
      ),
    },
  ],
  subresources: autoscaler.subresources!,
};
