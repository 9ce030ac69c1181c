import { isJsonObject, type JsonValue } from "../../../apimachinery/json/json.ts";
import { decodeValue } from "../../../apimachinery/schema/decode.ts";
import { definition } from "../../generated/definitions.ts";
import type * as v1 from "../../generated/types/autoscaling-v1.ts";
import type * as v2 from "../../generated/types/autoscaling-v2.ts";
import { metricFromOld, metricToOld, statusFromOld, statusToOld } from "./metric-conversion.ts";

// What v1 has no field for stands in annotations while it is shown: pkg/apis/autoscaling/v1/conversion.go.

const prefix = "autoscaling.alpha.kubernetes.io/";
const annotationNames = {
  metrics: `${prefix}metrics`,
  statuses: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
} as const;
const dropped = [...Object.values(annotationNames), `${prefix}scale-down-tolerance`, `${prefix}scale-up-tolerance`];
const defaultUtilization = 80;

type Annotations = Record<string, string>;

function isCPU(metric: v2.MetricSpec | v2.MetricStatus): boolean {
  return metric.type === "Resource" && metric.resource?.name === "cpu";
}

function cpuUtilization(metrics: readonly v2.MetricSpec[] = []): number | undefined {
  return metrics.find(isCPU)?.resource?.target?.averageUtilization;
}

/** How autoscaling/v1 shows a stored autoscaler. */
export function autoscalerFromV2({ metadata, spec, status }: v2.HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const annotations = withoutDropped(metadata.annotations);
  const { metrics = [], behavior, ...plainSpec } = spec;
  const { currentMetrics = [], conditions = [], ...plainStatus } = status;
  const others = metrics.filter((m) => !(isCPU(m) && m.resource?.target?.averageUtilization !== undefined));
  if (others.length > 0) annotations[annotationNames.metrics] = JSON.stringify(others.map(metricToOld));
  if (currentMetrics.length > 0)
    annotations[annotationNames.statuses] = JSON.stringify(currentMetrics.map(statusToOld));
  if (behavior !== undefined) annotations[annotationNames.behavior] = JSON.stringify(renamed(behavior, capitalize));
  if (conditions.length > 0) annotations[annotationNames.conditions] = JSON.stringify(conditions);
  const target = cpuUtilization(metrics);
  const current = currentMetrics.find(isCPU)?.resource?.current?.averageUtilization;
  return {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: withAnnotations(metadata, annotations),
    spec: { ...plainSpec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: {
      ...plainStatus,
      currentReplicas: plainStatus.currentReplicas ?? 0,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  };
}

/** The stored form of what comes as autoscaling/v1. Annotations that cannot be read are as good as absent. */
export function autoscalerToV2({ metadata, spec, status }: v1.HorizontalPodAutoscaler): v2.HorizontalPodAutoscaler {
  const given: Annotations = metadata.annotations ?? {};
  const { targetCPUUtilizationPercentage: target, ...plainSpec } = spec;
  const { currentCPUUtilizationPercentage: current, ...plainStatus } = status;
  const metrics = listFrom<v2.MetricSpec>(given[annotationNames.metrics], "MetricSpec", metricFromOld) ?? [];
  if (target !== undefined || metrics.length === 0) metrics.push(cpuMetric(target ?? defaultUtilization));
  const statuses = listFrom<v2.MetricStatus>(given[annotationNames.statuses], "MetricStatus", statusFromOld);
  const currentMetrics = statuses ?? (current === undefined ? [] : [cpuStatus(current)]);
  const conditions = listFrom<v2.HorizontalPodAutoscalerCondition>(
    given[annotationNames.conditions],
    "HorizontalPodAutoscalerCondition",
    (condition) => condition,
  );
  const behavior = behaviorFrom(given[annotationNames.behavior]);
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: withAnnotations(metadata, withoutDropped(given)),
    spec: { ...plainSpec, metrics, ...(behavior === undefined ? {} : { behavior }) },
    status: {
      ...plainStatus,
      ...(currentMetrics.length > 0 ? { currentMetrics } : {}),
      ...(conditions?.length ? { conditions } : {}),
    },
  };
}

function cpuMetric(averageUtilization: number): v2.MetricSpec {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } };
}

function cpuStatus(averageUtilization: number): v2.MetricStatus {
  return { type: "Resource", resource: { name: "cpu", current: { averageUtilization } } };
}

function withoutDropped(annotations: Annotations | undefined): Annotations {
  const result: Annotations = { ...annotations };
  for (const name of dropped) delete result[name];
  return result;
}

function withAnnotations<M extends { readonly annotations?: Annotations }>(metadata: M, annotations: Annotations): M {
  const { annotations: _, ...rest } = metadata;
  return (Object.keys(annotations).length === 0 ? rest : { ...rest, annotations }) as M;
}

function parse(text: string | undefined): JsonValue | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined; // What clients write there is theirs; upstream overlooks it, too.
  }
}

/** The value as the autoscaling/v2 type of that name, or undefined where it is none. */
function checked(value: object, type: string): unknown {
  try {
    return decodeValue(definition(`io.k8s.api.autoscaling.v2.${type}`), value as JsonValue);
  } catch {
    return undefined;
  }
}

function listFrom<T>(text: string | undefined, type: string, convert: (item: object) => object): T[] | undefined {
  const list = parse(text);
  if (!Array.isArray(list) || !list.every(isJsonObject)) return undefined;
  try {
    const items = list.map((item) => checked(convert(item), type));
    return items.includes(undefined) ? undefined : (items as T[]);
  } catch {
    return undefined;
  }
}

function behaviorFrom(text: string | undefined): v2.HorizontalPodAutoscalerBehavior | undefined {
  const value = parse(text);
  if (!isJsonObject(value)) return undefined;
  const behavior = checked(renamed(value, uncapitalize) as object, "HorizontalPodAutoscalerBehavior");
  if (typeof behavior !== "object" || behavior === null || Object.keys(behavior).length === 0) return undefined;
  return behavior;
}

/** Upstream writes behaviour in its internal form, whose fields begin with capital letters. */
function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [rename(key), renamed(child, rename)]));
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function uncapitalize(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
