import type * as v2 from "../../generated/types/autoscaling-v2.ts";

// Metrics as autoscaling/v1 writes them into annotations: pkg/apis/autoscaling/v1/conversion.go. The names of fields are
// those of the k8s.io/api/autoscaling/v1 types that stand in no schema.

/** Fields of one metric, of an old form; anything may be missing, for clients write annotations too. */
interface OldMetric {
  readonly type?: string;
  readonly object?: OldFields;
  readonly pods?: OldFields;
  readonly resource?: OldFields;
  readonly containerResource?: OldFields;
  readonly external?: OldFields;
}

interface OldFields {
  readonly metricName?: string;
  readonly name?: string;
  readonly container?: string;
  readonly target?: v2.CrossVersionObjectReference;
  readonly selector?: v2.MetricIdentifier["selector"];
  readonly metricSelector?: v2.MetricIdentifier["selector"];
  readonly targetValue?: string;
  readonly averageValue?: string;
  readonly targetAverageValue?: string;
  readonly targetAverageUtilization?: number;
  readonly currentValue?: string;
  readonly currentAverageValue?: string;
  readonly currentAverageUtilization?: number;
}

/** Drops what is undefined, so that absent fields stay absent. */
function compact<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

export function metricToOld({ type, ...spec }: v2.MetricSpec): object {
  const { object, pods, resource, containerResource, external } = spec;
  return compact({
    type,
    object:
      object &&
      compact({
        target: object.describedObject,
        metricName: object.metric?.name,
        targetValue: object.target?.value ?? "0",
        selector: object.metric?.selector,
        averageValue: object.target?.averageValue,
      }),
    pods:
      pods &&
      compact({
        metricName: pods.metric?.name,
        targetAverageValue: pods.target?.averageValue ?? "0",
        selector: pods.metric?.selector,
      }),
    resource: resource && compact({ name: resource.name, ...oldResourceTarget(resource.target) }),
    containerResource:
      containerResource &&
      compact({
        name: containerResource.name,
        ...oldResourceTarget(containerResource.target),
        container: containerResource.container,
      }),
    external:
      external &&
      compact({
        metricName: external.metric?.name,
        metricSelector: external.metric?.selector,
        targetValue: external.target?.value,
        targetAverageValue: external.target?.averageValue,
      }),
  });
}

function oldResourceTarget(target: v2.MetricTarget | undefined): object {
  return { targetAverageUtilization: target?.averageUtilization, targetAverageValue: target?.averageValue };
}

export function metricFromOld({ type, object, pods, resource, containerResource, external }: OldMetric): object {
  return compact({
    type,
    object: object && {
      describedObject: object.target,
      metric: compact({ name: object.metricName, selector: object.selector }),
      target: objectTarget(object),
    },
    pods: pods && {
      metric: compact({ name: pods.metricName, selector: pods.selector }),
      target: compact({ type: "AverageValue", averageValue: pods.targetAverageValue }),
    },
    resource: resource && { name: resource.name, target: resourceTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      target: resourceTarget(containerResource),
    },
    external: external && {
      metric: compact({ name: external.metricName, selector: external.metricSelector }),
      target: compact({
        type: external.targetValue === undefined ? "AverageValue" : "Value",
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  });
}

/** The old form cannot leave the value out: a zero beside an average means none. */
function objectTarget({ targetValue, averageValue }: OldFields): object {
  if (averageValue === undefined) return compact({ type: "Value", value: targetValue });
  const value = targetValue === "0" ? undefined : targetValue;
  return compact({ type: "AverageValue", value, averageValue });
}

function resourceTarget({ targetAverageUtilization, targetAverageValue }: OldFields): object {
  return compact({
    type: targetAverageUtilization === undefined ? "AverageValue" : "Utilization",
    averageValue: targetAverageValue,
    averageUtilization: targetAverageUtilization,
  });
}

export function statusToOld({ type, ...status }: v2.MetricStatus): object {
  const { object, pods, resource, containerResource, external } = status;
  return compact({
    type,
    object:
      object &&
      compact({
        target: object.describedObject,
        metricName: object.metric?.name,
        currentValue: object.current?.value ?? "0",
        selector: object.metric?.selector,
        averageValue: object.current?.averageValue,
      }),
    pods:
      pods &&
      compact({
        metricName: pods.metric?.name,
        currentAverageValue: pods.current?.averageValue ?? "0",
        selector: pods.metric?.selector,
      }),
    resource: resource && compact({ name: resource.name, ...oldResourceCurrent(resource.current) }),
    containerResource:
      containerResource &&
      compact({
        name: containerResource.name,
        ...oldResourceCurrent(containerResource.current),
        container: containerResource.container,
      }),
    external:
      external &&
      compact({
        metricName: external.metric?.name,
        metricSelector: external.metric?.selector,
        currentValue: external.current?.value ?? "0",
        currentAverageValue: external.current?.averageValue,
      }),
  });
}

function oldResourceCurrent(current: v2.MetricValueStatus | undefined): object {
  return {
    currentAverageUtilization: current?.averageUtilization,
    currentAverageValue: current?.averageValue ?? "0",
  };
}

export function statusFromOld({ type, object, pods, resource, containerResource, external }: OldMetric): object {
  return compact({
    type,
    object: object && {
      describedObject: object.target,
      metric: compact({ name: object.metricName, selector: object.selector }),
      current: compact({ value: object.currentValue, averageValue: object.averageValue }),
    },
    pods: pods && {
      metric: compact({ name: pods.metricName, selector: pods.selector }),
      current: compact({ averageValue: pods.currentAverageValue }),
    },
    resource: resource && { name: resource.name, current: resourceCurrent(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      current: resourceCurrent(containerResource),
    },
    external: external && {
      metric: compact({ name: external.metricName, selector: external.metricSelector }),
      current: compact({ value: external.currentValue, averageValue: external.currentAverageValue }),
    },
  });
}

function resourceCurrent({ currentAverageUtilization, currentAverageValue }: OldFields): object {
  return compact({ averageUtilization: currentAverageUtilization, averageValue: currentAverageValue });
}
