export {
  abortable,
  aborted,
  isAbortOf,
  type LinkedSignal,
  linkSignals,
  onAbort,
  signalWithTimeout,
  TimeoutError,
  waitAtMost,
} from "./cancellation.ts";
export type { Clock, Timer } from "./clock.ts";
export { Heap } from "./heap.ts";
export { createJsonLogger, type JsonLoggerOptions } from "./json-logger.ts";
export {
  CapturingLogger,
  isAtLeast,
  type Logger,
  type LogLevel,
  type LogRecord,
  type LogValues,
  silentLogger,
} from "./logger.ts";
export { LruMap } from "./lru-map.ts";
export {
  type Counter,
  type CounterValue,
  type Distribution,
  exponentialBuckets,
  type Gauge,
  type Histogram,
  linearBuckets,
  MetricsRegistry,
  type Value,
} from "./metrics.ts";
export { metricsContentType } from "./metrics-text.ts";
export { BoundedQueue } from "./queue.ts";
export type { Random } from "./random.ts";
export { realClock } from "./real-clock.ts";
export { realRandom } from "./real-random.ts";
export { SeededRandom } from "./seeded-random.ts";
export { runTasks, type Task, TaskGroup } from "./task-group.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";
