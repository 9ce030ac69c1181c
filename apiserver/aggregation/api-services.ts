import type { APIService, APIServiceCondition } from "../../api/apiregistration/v1/api-service.ts";

/** A service reference that is whole: validation has seen to it. */
export interface ServiceTarget {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export function serviceOf({ spec: { service } }: APIService): ServiceTarget | undefined {
  if (service === undefined) return undefined;
  return { namespace: service.namespace ?? "", name: service.name ?? "", port: service.port };
}

export function groupVersionOf({ spec }: APIService): { readonly group: string; readonly version: string } {
  return { group: spec.group ?? "", version: spec.version ?? "" };
}

export function availableCondition({ status }: APIService): APIServiceCondition | undefined {
  return (status?.conditions ?? []).find(({ type }) => type === "Available");
}

export function isAvailable(apiService: APIService): boolean {
  return availableCondition(apiService)?.status === "True";
}

/**
 * Groups in the order in which discovery lists them, of each its versions, the preferred one first (apiregistration
 * SortedByGroupAndVersion). A group stands where its best version would put it.
 */
export function sortedByGroupAndVersion(services: Iterable<APIService>): readonly (readonly APIService[])[] {
  const sorted = [...services].sort((a, b) => {
    return b.spec.groupPriorityMinimum - a.spec.groupPriorityMinimum || compareNames(a, b);
  });
  const groups = new Map<string, APIService[]>();
  for (const service of sorted) {
    const { group } = groupVersionOf(service);
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [service]);
    else known.push(service);
  }
  const byVersion = (a: APIService, b: APIService): number =>
    b.spec.versionPriority - a.spec.versionPriority ||
    compareVersions(groupVersionOf(b).version, groupVersionOf(a).version);
  return [...groups.values()].map((group) => group.sort(byVersion));
}

function compareNames(a: APIService, b: APIService): number {
  const [left, right] = [a.metadata.name ?? "", b.metadata.name ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}

const stages: Readonly<Record<string, number>> = { "": 2, beta: 1, alpha: 0 };

/** Positive where `a` is the newer: stable before beta before alpha, by number; other names after all (apimachinery/pkg/version). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionParts(a), versionParts(b)];
  if (left === undefined || right === undefined) {
    if (left !== undefined || right !== undefined) return left === undefined ? -1 : 1;
    return a < b ? 1 : a > b ? -1 : 0;
  }
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
  return 0;
}

function versionParts(version: string): readonly number[] | undefined {
  const match = /^v([0-9]+)(?:(alpha|beta)([0-9]+))?$/.exec(version);
  if (match === null) return undefined;
  return [stages[match[2] ?? ""]!, Number(match[1]), Number(match[3] ?? 0)];
}
