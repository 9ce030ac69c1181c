import type {
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "../../generated/types/autoscaling-v2.ts";

const shown = 2;
const unknown = "<unknown>";

/** `cpu: 20%/80%, 5/10 + 1 more...`: what is measured and wanted (printers.go formatHPAMetrics). */
export function metricsText(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return "<none>";
  const texts = specs.slice(0, shown).map((spec, i) => metricText(spec, statuses[i]));
  const more = specs.length > shown ? ` + ${specs.length - shown} more...` : "";
  return texts.join(", ") + more;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return valueText(spec.external?.target, status?.external?.current);
    case "Object":
      return valueText(spec.object?.target, status?.object?.current);
    case "Pods":
      return `${status?.pods?.current?.averageValue ?? unknown}/${spec.pods?.target?.averageValue ?? "0"}`;
    case "Resource":
      return resourceText(spec.resource?.name, spec.resource?.target, status?.resource?.current);
    case "ContainerResource": {
      const { name, target } = spec.containerResource ?? {};
      return resourceText(name, target, status?.containerResource?.current);
    }
    default:
      return "<unknown type>";
  }
}

function valueText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current?.value ?? unknown}/${target?.value ?? "0"}`;
}

function resourceText(
  name: string | undefined,
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
): string {
  if (target?.averageValue !== undefined) return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`;
  const percent = (value: number | undefined, otherwise: string): string =>
    value === undefined ? otherwise : `${value}%`;
  const wanted = percent(target?.averageUtilization, "<auto>");
  return `${name}: ${percent(current?.averageUtilization, unknown)}/${wanted}`;
}
