import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { isPositive } from "../../core/v1/pod/resource-list.ts";
import { checkLabel } from "../../core/v1/pod/validation/check.ts";
import { containerResourceName } from "../../core/v1/pod/validation/resources.ts";
import type * as types from "../../generated/types/autoscaling-v2.ts";
import { addSegmentErrors } from "../../networking/v1/references.ts";
import { addReferenceErrors, type ReferenceOptions } from "./reference.ts";

/** In the order in which upstream looks: only the first that is there is looked into. */
const sources = ["object", "external", "pods", "resource", "containerResource"] as const;
const metricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const targetTypes = ["Utilization", "Value", "AverageValue"];

/** pkg/apis/autoscaling/validation validateMetricSpec. */
export function addMetricErrors(
  errors: FieldError[],
  metric: types.MetricSpec,
  place: Path,
  options: ReferenceOptions,
): void {
  const type = metric.type ?? "";
  const typePath = place.child("type");
  if (type === "") errors.push(required(typePath, "must specify a metric source type"));
  if (!metricTypes.includes(type)) errors.push(notSupported(typePath, type, metricTypes));
  const present = sources.filter((source) => metric[source] !== undefined);
  if (present[0] !== undefined) addSourceErrors(errors, metric, { source: present[0], place, options });
  const expected = sources.find((source) => source.toLowerCase() === type.toLowerCase());
  if (expected === undefined || !metricTypes.includes(type)) errors.push(notSupported(typePath, type, metricTypes));
  else if (metric[expected] === undefined) {
    errors.push(required(place.child(expected), "must populate information for the given metric source"));
  }
  if (present.length <= 1) return;
  for (const source of present) {
    if (source === expected) continue;
    errors.push(forbidden(place.child(source), "must populate the given metric source only"));
  }
}

interface Source {
  readonly source: (typeof sources)[number];
  readonly place: Path;
  readonly options: ReferenceOptions;
}

function addSourceErrors(errors: FieldError[], metric: types.MetricSpec, { source, place, options }: Source): void {
  const at = place.child(source);
  switch (source) {
    case "object":
      addReferenceErrors(errors, metric.object?.describedObject ?? {}, at.child("describedObject"), options);
      addValueErrors(errors, metric.object!, at, "must set either a target value or averageValue");
      break;
    case "external":
      addExternalErrors(errors, metric.external!, at);
      break;
    case "pods":
      addPodsErrors(errors, metric.pods!, at);
      break;
    default:
      addResourceErrors(errors, metric[source]!, at);
  }
}

function addNamedErrors(errors: FieldError[], { metric, target }: types.PodsMetricSource, place: Path): void {
  const name = metric?.name;
  if (!name) errors.push(required(place.child("metric", "name"), "must specify a metric name"));
  else addSegmentErrors(errors, name, place.child("metric", "name"));
  addTargetErrors(errors, target ?? {}, place.child("target"));
}

function addValueErrors(errors: FieldError[], source: types.PodsMetricSource, place: Path, detail: string): void {
  addNamedErrors(errors, source, place);
  if (source.target?.value !== undefined || source.target?.averageValue !== undefined) return;
  errors.push(required(place.child("target", "averageValue"), detail));
}

function addExternalErrors(errors: FieldError[], source: types.ExternalMetricSource, place: Path): void {
  addValueErrors(errors, source, place, "must set either a target value for metric or a per-pod target");
  if (source.target?.value === undefined || source.target.averageValue === undefined) return;
  const detail = "may not set both a target value for metric and a per-pod target";
  errors.push(forbidden(place.child("target", "value"), detail));
}

function addPodsErrors(errors: FieldError[], source: types.PodsMetricSource, place: Path): void {
  addNamedErrors(errors, source, place);
  if (source.target?.averageValue !== undefined) return;
  errors.push(required(place.child("target", "averageValue"), "must specify a positive target averageValue"));
}

/** A resource of all containers, or of the one that is named. */
function addResourceErrors(
  errors: FieldError[],
  source: types.ResourceMetricSource | types.ContainerResourceMetricSource,
  place: Path,
): void {
  const { name = "", target } = source;
  const ofContainer = place.toString().endsWith(".containerResource");
  if (name === "") errors.push(required(place.child("name"), "must specify a resource name"));
  else if (ofContainer) containerResourceName({ errors }, name, place.child("name"));
  if (ofContainer) {
    const container = (source as types.ContainerResourceMetricSource).container ?? "";
    if (container === "") errors.push(required(place.child("container"), "must specify a container"));
    else checkLabel({ errors }, place.child("container"), container);
  }
  const at = place.child("target");
  addTargetErrors(errors, target ?? {}, at);
  const { averageUtilization, averageValue } = target ?? {};
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.push(required(at.child("averageUtilization"), "must set either a target raw value or a target utilization"));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    errors.push(forbidden(at.child("averageValue"), "may not set both a target raw value and a target utilization"));
  }
}

function addTargetErrors(errors: FieldError[], target: Partial<types.MetricTarget>, place: Path): void {
  const { type = "", averageUtilization } = target;
  if (type === "") errors.push(required(place.child("type"), "must specify a metric target type"));
  if (!targetTypes.includes(type)) {
    errors.push(invalid(place.child("type"), type, "must be either Utilization, Value, or AverageValue"));
  }
  for (const field of ["value", "averageValue"] as const) {
    const amount = target[field];
    if (amount !== undefined && !isPositive(amount)) {
      errors.push(invalid(place.child(field), amount, "must be positive"));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(place.child("averageUtilization"), averageUtilization, "must be greater than 0"));
  }
}
