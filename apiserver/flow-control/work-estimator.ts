import type { ApiRequest, RequestInfo } from "../request.ts";
import type { WorkEstimate } from "./queue-set.ts";

// How many seats a request is going to take (apiserver/pkg/util/flowcontrol/request).

const bytesPerSeat = 100_000;
/** A list from the cache is streamed: it never needs more at once. */
const streamedBytes = 1_000_000;
const maxListSeats = 100;
const maxMutatingSeats = 10;
const watchesPerSeat = 10;
const eventLatencyMs = 5;

export interface StoredStats {
  readonly count: number;
  readonly averageBytes: number;
}

export interface Estimating {
  /** Undefined for what this server does not keep. */
  readonly statsOf: (info: RequestInfo) => StoredStats | undefined;
  readonly watchersOf: (info: RequestInfo) => number;
}

/** Where a request is estimated. */
export interface EstimatedFor {
  /** The most that the level lets one request take; 0: it does not say. */
  readonly maxSeats: number;
  /** Hears how many watchers a write was taken to have. */
  readonly flow: { watchers(count: number): void };
}

const one: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0 };

export function estimateWork(request: ApiRequest, sources: Estimating, at: EstimatedFor): WorkEstimate {
  const { info } = request;
  if (!info.isResourceRequest) return one;
  switch (info.verb) {
    case "list":
    case "watch":
      return estimateList(request, sources, at.maxSeats);
    case "create":
    case "update":
    case "patch":
    case "delete":
      return estimateWrite(request, sources, at);
    default:
      return one;
  }
}

function estimateList({ info, query }: ApiRequest, { statsOf }: Estimating, maxSeats: number): WorkEstimate {
  const resourceVersion = query.get("resourceVersion") ?? "";
  if (info.verb === "watch") {
    const initial = query.get("sendInitialEvents") === "true";
    if (!initial && resourceVersion !== "" && resourceVersion !== "0") return one;
  }
  if (info.name !== "") return one;
  const stats = statsOf(info);
  if (stats === undefined) return one;
  const asked = Number(query.get("limit") ?? 0);
  const limited = asked > 0 ? Math.min(asked, stats.count) : stats.count;
  const fromCache = info.verb === "watch" || !fromStore(query, resourceVersion);
  const selects = (query.get("fieldSelector") ?? "") !== "" || (query.get("labelSelector") ?? "") !== "";
  const objects = !fromCache && selects ? Math.max(limited, Math.floor(stats.count / 2)) : limited;
  const bytes = objects * stats.averageBytes;
  const seats = Math.ceil((fromCache ? Math.min(bytes, streamedBytes) : bytes) / bytesPerSeat);
  const most = maxSeats === 0 ? maxListSeats : Math.min(maxSeats, maxListSeats);
  return seats <= 1 ? one : { initialSeats: Math.min(seats, most), finalSeats: 0, additionalLatencyMs: 0 };
}

/** Lists of the past are read from the store (cacher/delegator ShouldDelegateList, without snapshots). */
function fromStore(query: URLSearchParams, resourceVersion: string): boolean {
  const match = query.get("resourceVersionMatch") ?? "";
  if (match !== "") return match !== "NotOlderThan";
  if ((query.get("continue") ?? "") !== "") return true;
  return Number(query.get("limit") ?? 0) > 0 && resourceVersion !== "" && resourceVersion !== "0";
}

/** Beside its own work, a write leaves its watchers to be told: a tenth of a seat each, for 5 ms. */
function estimateWrite(
  request: ApiRequest,
  { watchersOf }: Estimating,
  { maxSeats, flow }: EstimatedFor,
): WorkEstimate {
  const { resource, subresource } = request.info;
  if (resource === "serviceaccounts" && subresource === "token") return one;
  const watchers = watchersOf(request.info);
  flow.watchers(watchers);
  if (watchers < watchesPerSeat) return one;
  const seats = Math.ceil(watchers / watchesPerSeat);
  const finalSeats = Math.min(seats, maxSeats === 0 ? maxMutatingSeats : Math.min(maxSeats, maxMutatingSeats));
  return { initialSeats: 1, finalSeats, additionalLatencyMs: (seats * eventLatencyMs) / finalSeats };
}
