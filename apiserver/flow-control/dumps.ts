import { formatDuration } from "../../apimachinery/time/duration.ts";
import type { Clock } from "../../base/clock.ts";
import type { PathHandler } from "../handlers/paths.ts";
import type { ApiRequest } from "../request.ts";
import type { PriorityLevel, PriorityLevels } from "./priority-levels.ts";
import type { FlowQueue, FlowRequest } from "./queue-set.ts";

// /debug/api_priority_and_fairness/dump_* (flowcontrol/apf_controller_debug.go): a line each, columns apart by comma and blanks.

const levelHeaders = [
  ...["PriorityLevelName", "ActiveQueues", "IsIdle", "IsQuiescing", "WaitingRequests", "ExecutingRequests"],
  ...["DispatchedRequests", "RejectedRequests", "TimedoutRequests", "CancelledRequests"],
];
const queueHeaders = [
  ...["PriorityLevelName", "Index", "PendingRequests", "ExecutingRequests", "SeatsInUse", "NextDispatchR"],
  ...["InitialSeatsSum", "MaxSeatsSum", "TotalWorkSum"],
];
const requestHeaders = [
  ...["PriorityLevelName", "FlowSchemaName", "QueueIndex", "RequestIndexInQueue", "FlowDistingsher", "ArriveTime"],
  ...["InitialSeats", "FinalSeats", "AdditionalLatency", "StartTime"],
];
const detailHeaders = [
  ...["UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource"],
];

export function dumpHandlers(levels: PriorityLevels, clock: Clock): ReadonlyMap<string, PathHandler> {
  const sorted = (): readonly PriorityLevel[] =>
    [...levels.levels].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const text = (rows: readonly (readonly string[])[]): ReturnType<PathHandler> => ({
    type: "raw",
    status: 200,
    contentType: "text/plain; charset=utf-8",
    body: table(rows),
  });
  const base = "/debug/api_priority_and_fairness";
  return new Map<string, PathHandler>([
    [`${base}/dump_priority_levels`, () => text([levelHeaders, ...sorted().map(levelRow)])],
    [`${base}/dump_queues`, () => text([queueHeaders, ...sorted().flatMap(queueRows)])],
    [
      `${base}/dump_requests`,
      (request) => {
        const details = (request.query.get("includeRequestDetails") ?? "") !== "";
        const headers = details ? [...requestHeaders, ...detailHeaders] : requestHeaders;
        return text([headers, ...sorted().flatMap((level) => requestRows(level, details, clock))]);
      },
    ],
  ]);
}

function levelRow({ name, queues, quiescing }: PriorityLevel): readonly string[] {
  const active = queues.queues.filter(({ waiting }) => waiting.length > 0).length;
  const counts = [queues.waiting, queues.executing, queues.dispatched, queues.rejected, 0, queues.cancelled];
  return [name, String(active), String(queues.isIdle), String(quiescing), ...counts.map(String)];
}

function queueRows({ name, queues }: PriorityLevel): readonly (readonly string[])[] {
  return queues.queues.map((queue) => [
    name,
    String(queue.index),
    String(queue.waiting.length),
    String(queue.executing.size),
    String(queue.seatsInUse),
    seatSeconds(queue.nextDispatchR),
    String(queue.waiting.reduce((sum, { work }) => sum + work.initialSeats, 0)),
    String(queue.seatsWaiting),
    seatSeconds(queue.work),
  ]);
}

function requestRows({ name, queues }: PriorityLevel, details: boolean, clock: Clock): readonly (readonly string[])[] {
  const offset = clock.now() - clock.monotonicMs();
  const row = (queue: FlowQueue | undefined, index: number, one: FlowRequest): readonly string[] => [
    name,
    one.flow.schema,
    String(queue?.index ?? -1),
    String(index),
    one.distinguisher,
    time(one.arrivedMs, offset),
    String(one.work.initialSeats),
    String(one.work.finalSeats),
    formatDuration(BigInt(Math.round(one.work.additionalLatencyMs * 1e6))),
    one.state === "waiting" ? "0001-01-01T00:00:00Z" : time(one.startedMs, offset),
    ...(details ? detailsOf(one.subject as ApiRequest) : []),
  ];
  return [
    ...queues.queues.flatMap((queue) => [
      ...queue.waiting.map((one, i) => row(queue, i, one)),
      ...[...queue.executing].map((one) => row(queue, -1, one)),
    ]),
    ...[...queues.queueless].map((one) => row(undefined, -1, one)),
  ];
}

function detailsOf({ user, info }: ApiRequest): readonly string[] {
  const apiVersion = info.group === "" ? info.version : `${info.group}/${info.version}`;
  return [user.username, info.verb, info.path, info.namespace, info.name, apiVersion, info.resource, info.subresource];
}

/** RFC 3339 with the fraction as short as it can be. */
function time(monotonicMs: number, offset: number): string {
  return new Date(offset + monotonicMs).toISOString().replace(/\.?0*Z$/, "Z");
}

/** `1.50000000ss`. */
export function seatSeconds(value: number): string {
  return `${Math.max(0, value).toFixed(8)}ss`;
}

const minCellWidth = 8;

/** Go's tabwriter with a padding of one blank and cells of at least eight; a column ends with the block of lines that have it. */
function table(rows: readonly (readonly string[])[]): string {
  const last = (rows[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: last }, (_, column) =>
    Math.max(minCellWidth, ...rows.map((row) => `${row[column]},`.length + 1)),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === last ? cell : `${cell},`.padEnd(widths[i]!))).join("");
  return rows.map((row) => `${line(row)}\n`).join("");
}
