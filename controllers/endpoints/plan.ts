import { Endpoints } from "../../api/core/v1/endpoints.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Service } from "../../api/core/v1/service.ts";
import type { EndpointSubset } from "../../api/generated/types/core-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { podCondition } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import { isHeadless } from "../services/service-pods.ts";
import { canonical, subsetsOf, truncate } from "./subsets.ts";

export const managedByLabel = "endpoints.kubernetes.io/managed-by";
export const controllerName = "endpoint-controller";
const headlessLabel = "service.kubernetes.io/headless";
const overCapacity = "endpoints.kubernetes.io/over-capacity";
const triggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
const leader = "control-plane.alpha.kubernetes.io/leader";

export interface Observed {
  readonly service: Service;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  readonly endpoints: Endpoints | undefined;
}

/** A service's Endpoints have the addresses of its pods (pkg/controller/endpoint). */
export function plan({ service, pods, endpoints }: Observed): readonly Action[] {
  const subsets = subsetsOf(service, pods);
  const kept = truncate(subsets);
  const labels = labelsOf(service);
  const cut = kept !== subsets;
  const was = endpoints?.metadata.annotations;
  if (
    endpoints !== undefined &&
    semanticEqual(canonical(endpoints.subsets ?? []), canonical(kept)) &&
    semanticEqual(endpoints.metadata.labels, labels) &&
    cut === (was?.[overCapacity] !== undefined)
  ) {
    return [];
  }
  const { [overCapacity]: _cut, [triggerTime]: _time, ...others } = was ?? {};
  const time = endpoints === undefined ? service.metadata.creationTimestamp : triggerOf(pods, endpoints, subsets);
  const annotations = {
    ...others,
    ...(time === undefined ? {} : { [triggerTime]: time }),
    ...(cut ? { [overCapacity]: "truncated" } : {}),
  };
  const { name = "", namespace = "" } = service.metadata;
  if (endpoints === undefined) {
    return service.metadata.deletionTimestamp !== undefined
      ? []
      : [
          {
            type: "create",
            resource: Endpoints,
            object: { metadata: { name, namespace, labels, annotations }, subsets: kept },
            onFailed: ({ message }) => ({
              type: "Warning",
              reason: "FailedToCreateEndpoint",
              message: `Failed to create endpoint for service ${namespace}/${name}: ${message}`,
            }),
          },
        ];
  }
  return [
    {
      type: "update",
      resource: Endpoints,
      object: { ...endpoints, metadata: { ...endpoints.metadata, labels, annotations }, subsets: kept },
      onFailed: ({ message }) => ({
        type: "Warning",
        reason: "FailedToUpdateEndpoint",
        message: `Failed to update endpoint ${namespace}/${name}: ${message}`,
      }),
    },
  ];
}

/** Endpoints go with their service; those that a leader election uses have none. */
export function planGone(endpoints: Endpoints | undefined): readonly Action[] {
  if (endpoints === undefined || endpoints.metadata.annotations?.[leader] !== undefined) return [];
  const { name = "", namespace, uid = "" } = endpoints.metadata;
  return [{ type: "delete", resource: Endpoints, namespace, name, uid }];
}

function labelsOf(service: Service): Readonly<Record<string, string>> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {};
  return { ...labels, ...(isHeadless(service) ? { [headlessLabel]: "" } : {}), [managedByLabel]: controllerName };
}

/** The earliest change of a pod that the endpoints do not show yet. */
function triggerOf(
  pods: readonly Pod[],
  { subsets = [] }: Endpoints,
  next: readonly EndpointSubset[],
): string | undefined {
  const [before, after] = [stateByUid(subsets), stateByUid(next)];
  let earliest: string | undefined;
  for (const pod of pods) {
    const uid = pod.metadata.uid ?? "";
    const time = podCondition(pod, "Ready")?.lastTransitionTime;
    if (time === undefined || before.get(uid) === after.get(uid)) continue;
    if (earliest === undefined || time < earliest) earliest = time;
  }
  return earliest;
}

function stateByUid(subsets: readonly EndpointSubset[]): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const { addresses = [], notReadyAddresses = [] } of subsets) {
    for (const { ip, targetRef } of addresses) states.set(targetRef?.uid ?? "", `ready ${ip}`);
    for (const { ip, targetRef } of notReadyAddresses) states.set(targetRef?.uid ?? "", ip);
  }
  return states;
}
