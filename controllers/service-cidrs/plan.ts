import type { Condition } from "../../api/generated/types/meta-v1.ts";
import type { IPAddress } from "../../api/networking/v1/ip-address.ts";
import { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";
import { addressOf, hasAddress, hasPrefix, isAllocated, prefixesOf } from "./prefixes.ts";

export const serviceCidrFinalizer = "networking.k8s.io/service-cidr-finalizer";
export const controllerName = "service-cidr-controller";

/** How long a ServiceCIDR stays after its end began: until every API server has heard that nothing is to be given out of it. */
export const settleMs = 10_000;

export interface Observed {
  readonly serviceCidr: ServiceCIDR;
  /** Of one that is being deleted: whether it is the only one that has some service's address. */
  readonly needed: boolean;
  readonly now: number;
}

type Told = Pick<Condition, "type" | "status" | "reason" | "message">;

const ready: Told = { type: "Ready", status: "True", reason: "", message: "Kubernetes Service CIDR is ready" };
const terminating: Told = {
  type: "Ready",
  status: "False",
  reason: "Terminating",
  message: "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
};

/** Keeps a ServiceCIDR there while addresses of services depend on it, and says so (pkg/controller/servicecidrs). Pure. */
export function plan(observed: Observed): readonly Action[] {
  const { serviceCidr, needed, now } = observed;
  const { name = "", finalizers = [], deletionTimestamp } = serviceCidr.metadata;
  const held = finalizers.includes(serviceCidrFinalizer);
  const patch = (metadata: object): Action => {
    const body = { metadata };
    return { type: "patch", resource: ServiceCIDR, name, patch: { type: "strategic", body }, tolerates: isNotFound };
  };
  if (deletionTimestamp === undefined) {
    return [...(held ? [] : [patch({ finalizers: [serviceCidrFinalizer] })]), ...tell(serviceCidr, ready, now)];
  }
  if (needed) return tell(serviceCidr, terminating, now);
  if (!held || goesAtMs(deletionTimestamp) > now) return [];
  return [patch({ "$deleteFromPrimitiveList/finalizers": [serviceCidrFinalizer] })];
}

export function summarize({ serviceCidr, needed, now }: Observed): Summary {
  const { deletionTimestamp } = serviceCidr.metadata;
  if (deletionTimestamp === undefined || needed) return {};
  const atMs = goesAtMs(deletionTimestamp);
  return atMs > now ? { wakeAtMs: atMs } : {};
}

/**
 * Whether addresses would be outside of every range without this ServiceCIDR. Where every range of it lies within those of
 * others, nothing depends on it.
 */
export function isNeeded(
  serviceCidr: ServiceCIDR,
  all: readonly ServiceCIDR[],
  addresses: Iterable<IPAddress>,
): boolean {
  const own = prefixesOf(serviceCidr);
  const others = all.filter(({ metadata }) => metadata.name !== serviceCidr.metadata.name).flatMap(prefixesOf);
  if (own.every((prefix) => others.some((other) => hasPrefix(other, prefix)))) return false;
  for (const address of addresses) {
    const ip = isAllocated(address) ? addressOf(address) : undefined;
    if (ip === undefined || !own.some((prefix) => hasAddress(prefix, ip))) continue;
    if (!others.some((prefix) => hasAddress(prefix, ip))) return true;
  }
  return false;
}

function goesAtMs(deletionTimestamp: string): number {
  return Date.parse(deletionTimestamp) + settleMs;
}

function tell({ metadata: { name = "" }, status }: ServiceCIDR, told: Told, now: number): readonly Action[] {
  const current = status?.conditions?.find(({ type }) => type === told.type);
  if (current?.status === told.status && (current.reason ?? "") === told.reason && current.message === told.message) {
    return [];
  }
  const failed = {
    type: "Warning",
    reason: "KubernetesServiceCIDRError",
    message: "The ServiceCIDR Status can not be set to Ready=True",
  } as const;
  return [
    {
      type: "apply",
      resource: ServiceCIDR,
      subresource: "status",
      object: { metadata: { name }, status: { conditions: [{ ...told, lastTransitionTime: formatTime(now) }] } },
      fieldManager: controllerName,
      force: true,
      ...(told === ready ? { onFailed: () => failed } : {}),
    },
  ];
}
