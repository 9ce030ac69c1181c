import { compareText } from "../../../../apimachinery/text/go-quote.ts";
import type * as types from "../../../generated/types/resource-v1.ts";

// What may not change, as upstream's messages show it: the JSON of its internal Go structs, whose fields have no other names
// (pkg/apis/resource/types.go).

const list = <T, R>(items: readonly T[] | undefined, one: (item: T) => R): readonly R[] | null =>
  items === undefined ? null : items.map(one);
const sorted = (map: Readonly<Record<string, unknown>> | undefined): object | null =>
  map === undefined ? null : Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareText(a, b)));

export function goClaimSpec(spec: types.ResourceClaimSpec | undefined): object {
  const { requests, constraints, config } = spec?.devices ?? {};
  return {
    Devices: {
      Requests: list(requests, ({ name = "", exactly, firstAvailable }) => ({
        Name: name,
        Exactly: exactly === undefined ? null : goExactRequest(exactly),
        FirstAvailable: list(firstAvailable, (one) => ({ Name: one.name ?? "", ...goRequest(one, {}) })),
      })),
      Constraints: list(constraints, (one) => ({
        Requests: one.requests ?? null,
        MatchAttribute: one.matchAttribute ?? null,
        DistinctAttribute: one.distinctAttribute ?? null,
      })),
      Config: list(config, (one) => ({ Requests: one.requests ?? null, Opaque: goOpaque(one.opaque) })),
    },
  };
}

/** What its claims are labelled with stands beside the specification. */
export function goTemplateSpec({ metadata, spec }: types.ResourceClaimTemplateSpec): object {
  return {
    ...(metadata?.labels === undefined ? {} : { labels: sorted(metadata.labels) }),
    ...(metadata?.annotations === undefined ? {} : { annotations: sorted(metadata.annotations) }),
    Spec: goClaimSpec(spec),
  };
}

function goExactRequest(request: types.ExactDeviceRequest): object {
  return goRequest(request, { AdminAccess: request.adminAccess ?? null });
}

function goRequest(request: types.ExactDeviceRequest | types.DeviceSubRequest, more: object): object {
  const { deviceClassName = "", selectors, allocationMode = "", count = 0, tolerations, capacity } = request;
  return {
    DeviceClassName: deviceClassName,
    Selectors: list(selectors, ({ cel }) => ({ CEL: cel === undefined ? null : { Expression: cel.expression ?? "" } })),
    AllocationMode: allocationMode,
    Count: count,
    ...more,
    Tolerations: list(tolerations, goToleration),
    Capacity: capacity === undefined ? null : { Requests: sorted(capacity.requests) },
  };
}

function goToleration(toleration: types.DeviceToleration): object {
  const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
  return { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: tolerationSeconds ?? null };
}

function goOpaque(opaque: types.OpaqueDeviceConfiguration | undefined): object | null {
  return opaque === undefined ? null : { Driver: opaque.driver ?? "", Parameters: opaque.parameters ?? null };
}

export function goAllocation({ devices, nodeSelector, allocationTimestamp }: types.AllocationResult): object {
  return {
    Devices: {
      Results: list(devices?.results, goResult),
      Config: list(devices?.config, ({ source = "", requests, opaque }) => ({
        Source: source,
        Requests: requests ?? null,
        Opaque: goOpaque(opaque),
      })),
    },
    NodeSelector:
      nodeSelector === undefined ? null : { NodeSelectorTerms: list(nodeSelector.nodeSelectorTerms, goSelectorTerm) },
    AllocationTimestamp: allocationTimestamp ?? null,
  };
}

function goResult(result: types.DeviceRequestAllocationResult): object {
  return {
    Request: result.request ?? "",
    Driver: result.driver ?? "",
    Pool: result.pool ?? "",
    Device: result.device ?? "",
    AdminAccess: result.adminAccess ?? null,
    Tolerations: list(result.tolerations, goToleration),
    BindingConditions: result.bindingConditions ?? null,
    BindingFailureConditions: result.bindingFailureConditions ?? null,
    ShareID: result.shareID ?? null,
    ConsumedCapacity: sorted(result.consumedCapacity),
  };
}

type Term = NonNullable<types.AllocationResult["nodeSelector"]>["nodeSelectorTerms"][number];

export function goSelectorTerm({ matchExpressions, matchFields }: Term): object {
  const requirements = (of: Term["matchExpressions"]) =>
    list(of, ({ key = "", operator = "", values }) => ({ Key: key, Operator: operator, Values: values ?? null }));
  return { MatchExpressions: requirements(matchExpressions), MatchFields: requirements(matchFields) };
}
