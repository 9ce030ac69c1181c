import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import type { Endpoint } from "../../api/generated/types/discovery-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { endpointKey } from "./endpoint.ts";

export interface Filled {
  /** Endpoints of slices that are to be made. */
  readonly create: readonly (readonly Endpoint[])[];
  /** Slices whose endpoints change. */
  readonly update: ReadonlyMap<EndpointSlice, readonly Endpoint[]>;
  /** Slices that none is left of. */
  readonly remove: readonly EndpointSlice[];
}

/**
 * Puts endpoints into slices of the same ports with as few writes as it can (reconcileByPortMapping): each stays where it is;
 * slices that change anyway are filled up first, the fullest before others; what is left goes into the one slice that it
 * fills best, else into new ones. Pure.
 *
 * Guarantees: afterwards every desired endpoint is in exactly one slice and no other is in any; no slice holds more than `max`,
 * but one that held more already and only loses some.
 */
export function fill(existing: readonly EndpointSlice[], desired: readonly Endpoint[], max: number): Filled {
  const missing = new Map(desired.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const update = new Map<EndpointSlice, Endpoint[]>();
  const remove: EndpointSlice[] = [];
  const unchanged: EndpointSlice[] = [];
  for (const slice of existing) {
    const { kept, changed } = keep(slice, missing);
    if (!changed) unchanged.push(slice);
    else if (kept.length === 0) remove.push(slice);
    else update.set(slice, kept);
  }
  const left = [...missing.values()];
  for (const endpoints of [...update.values()].sort((a, b) => b.length - a.length)) {
    endpoints.push(...left.splice(0, Math.max(0, max - endpoints.length)));
  }
  const create: Endpoint[][] = [];
  while (left.length > 0) {
    const room = left.length < max ? best(unchanged, left.length, max) : undefined;
    const endpoints = left.splice(0, room === undefined ? max : left.length);
    if (room === undefined) create.push(endpoints);
    else update.set(room, [...(room.endpoints ?? []), ...endpoints]);
  }
  return { create, update, remove };
}

/** What a slice keeps; that is no longer missing. */
function keep(slice: EndpointSlice, missing: Map<string, Endpoint>): { kept: Endpoint[]; changed: boolean } {
  const { endpoints = [] } = slice;
  const kept: Endpoint[] = [];
  let changed = false;
  for (const endpoint of endpoints) {
    const key = endpointKey(endpoint);
    const wanted = missing.get(key);
    if (wanted === undefined) continue;
    kept.push(wanted);
    missing.delete(key);
    if (!semanticEqual(wanted, endpoint)) changed = true;
  }
  return { kept, changed: changed || kept.length !== endpoints.length };
}

/** The slice that is fullest once `count` are added; undefined where none has room. */
function best(slices: readonly EndpointSlice[], count: number, max: number): EndpointSlice | undefined {
  let found: EndpointSlice | undefined;
  let least = max;
  for (const slice of slices) {
    const room = max - (slice.endpoints?.length ?? 0) - count;
    if (room >= 0 && room < least) {
      found = slice;
      least = room;
    }
  }
  return found;
}
