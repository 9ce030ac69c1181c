import type { Clock } from "../../base/clock.ts";
import type { Distribution, Gauge, MetricsRegistry, Stability, Value } from "../../base/metrics.ts";
import type { Integral } from "./integrator.ts";
import { Integrator } from "./integrator.ts";
import { RatioHistogram } from "./ratio-histogram.ts";

// Upstream's metrics of priority and fairness (flowcontrol/metrics). Series are looked up once a flow schema or level and kept.

const prefix = "apiserver_flowcontrol_";
const durationBuckets = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const seatUtilizationBuckets = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const requestUtilizationBuckets = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1];
const readWriteBuckets = [0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const demandBuckets = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6];

const flowLabels = ["priority_level", "flow_schema"] as const;
const levelLabels = ["priority_level"] as const;

const beta: ReadonlySet<string> = new Set([
  "current_executing_requests",
  "current_executing_seats",
  "current_inqueue_requests",
  "dispatched_requests_total",
  "nominal_limit_seats",
  "request_wait_duration_seconds",
]);

function stabilityOf(name: string): Stability {
  return beta.has(name) ? "BETA" : "ALPHA";
}

export class FlowControlMetrics {
  readonly #metrics: MetricsRegistry;
  readonly #clock: Clock;
  readonly #ratios: RatioHistogram[] = [];
  readonly fairFraction: Value;

  readonly #rejections;

  constructor(metrics: MetricsRegistry, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#rejections = metrics.counter({
      name: `${prefix}rejected_requests_total`,
      stability: "BETA",
      help: "Number of requests rejected by API Priority and Fairness subsystem",
      labels: [...flowLabels, "reason"],
    });
    this.fairFraction = metrics
      .gauge({
        name: `${prefix}seat_fair_frac`,
        help: "Fair fraction of server's concurrency to allocate to each priority level that can use it",
      })
      .labels();
    metrics.onCollect(() => {
      const now = clock.monotonicMs();
      for (const ratio of this.#ratios) ratio.pass(now);
    });
  }

  level(level: string): LevelSeries {
    return new LevelSeries(this, level, this.#clock.monotonicMs());
  }

  flow(level: string, schema: string): FlowSeries {
    return new FlowSeries(this, level, schema);
  }

  /** By phase and kind of request: `waiting` or `executing`, `readOnly` or `mutating`. */
  readVersusWrite(phase: string, kind: string): RatioHistogram {
    const help =
      "Observations, at the end of every nanosecond, of the number of requests (as a fraction of the relevant limit) waiting or in regular stage of execution";
    const labels = ["phase", "request_kind"] as const;
    const name = `${prefix}read_vs_write_current_requests`;
    const family = this.#metrics.histogram({ name, help, labels, buckets: readWriteBuckets });
    return this.ratio(family.labels(phase, kind), readWriteBuckets);
  }

  ratio(distribution: Distribution, bounds: readonly number[]): RatioHistogram {
    const ratio = new RatioHistogram(distribution, bounds, this.#clock.monotonicMs());
    this.#ratios.push(ratio);
    return ratio;
  }

  gauge(name: string, help: string): Gauge<typeof levelLabels> {
    return this.#metrics.gauge({ name: `${prefix}${name}`, help, stability: stabilityOf(name), labels: levelLabels });
  }

  ofFlow(kind: "gauge" | "counter", name: string, help: string, level: string, schema: string): Value {
    const options = { name: `${prefix}${name}`, help, stability: stabilityOf(name), labels: flowLabels };
    return (kind === "gauge" ? this.#metrics.gauge(options) : this.#metrics.counter(options)).labels(
      level,
      schema,
    ) as Value;
  }

  bounds(name: string, help: string, level: string): { readonly min: Value; readonly max: Value } {
    const family = this.#metrics.gauge({ name: `${prefix}${name}`, help, labels: ["priority_level", "bound"] });
    return { min: family.labels(level, "min"), max: family.labels(level, "max") };
  }

  histogram<const L extends readonly string[]>(
    name: string,
    help: string,
    labels: L,
    buckets: readonly number[],
    values: { readonly [K in keyof L]: string },
  ): Distribution {
    return this.#metrics
      .histogram({ name: `${prefix}${name}`, help, stability: stabilityOf(name), labels, buckets })
      .labels(...values);
  }

  rejected(level: string, schema: string, reason: string): void {
    this.#rejections.labels(level, schema, reason).inc();
  }
}

/** What is counted of the requests of one flow schema at one level. */
export class FlowSeries {
  readonly schema: string;
  readonly #owner: FlowControlMetrics;
  readonly #level: string;
  readonly #dispatched: Value;
  readonly #inQueueRequests: Value;
  readonly #inQueueSeats: Value;
  readonly #executingRequests: Value;
  readonly #executingSeats: Value;
  readonly #estimatedSeats: Distribution;
  readonly #queueLength: Distribution;
  readonly #watchers: Distribution;
  readonly #waited: Distribution;
  readonly #waitedInVain: Distribution;
  readonly #regular: Distribution;
  readonly #watch: Distribution;

  constructor(owner: FlowControlMetrics, level: string, schema: string) {
    this.#owner = owner;
    this.#level = level;
    this.schema = schema;
    const value = (kind: "gauge" | "counter", name: string, help: string) =>
      owner.ofFlow(kind, name, help, level, schema);
    this.#dispatched = value(
      "counter",
      "dispatched_requests_total",
      "Number of requests executed by API Priority and Fairness subsystem",
    );
    this.#inQueueRequests = value(
      "gauge",
      "current_inqueue_requests",
      "Number of requests currently pending in queues of the API Priority and Fairness subsystem",
    );
    this.#inQueueSeats = value(
      "gauge",
      "current_inqueue_seats",
      "Number of seats currently pending in queues of the API Priority and Fairness subsystem",
    );
    this.#executingRequests = value(
      "gauge",
      "current_executing_requests",
      "Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem",
    );
    this.#executingSeats = value(
      "gauge",
      "current_executing_seats",
      "Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem",
    );
    const values = [level, schema] as const;
    this.#estimatedSeats = owner.histogram(
      "work_estimated_seats",
      "Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness",
      flowLabels,
      [1, 2, 4, 8, 16, 32, 64, 100],
      values,
    );
    this.#queueLength = owner.histogram(
      "request_queue_length_after_enqueue",
      "Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued",
      flowLabels,
      [0, 10, 25, 50, 100, 250, 500, 1000],
      values,
    );
    this.#watchers = owner.histogram(
      "watch_count_samples",
      "count of watchers for mutating requests in API Priority and Fairness",
      flowLabels,
      [0, 1, 10, 100, 1000, 10_000],
      values,
    );
    const waited = (execute: string) =>
      owner.histogram(
        "request_wait_duration_seconds",
        "Length of time a request spent waiting in its queue",
        [...flowLabels, "execute"],
        durationBuckets,
        [level, schema, execute],
      );
    this.#waited = waited("true");
    this.#waitedInVain = waited("false");
    const executed = (type: string) =>
      owner.histogram(
        "request_execution_seconds",
        "Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem",
        [...flowLabels, "type"],
        durationBuckets,
        [level, schema, type],
      );
    this.#regular = executed("regular");
    this.#watch = executed("watch");
  }

  estimated(seats: number): void {
    this.#estimatedSeats.observe(seats);
  }
  watchers(count: number): void {
    this.#watchers.observe(count);
  }
  queueLength(length: number): void {
    this.#queueLength.observe(length);
  }
  inQueue(requests: number, seats: number): void {
    this.#inQueueRequests.value += requests;
    this.#inQueueSeats.value += seats;
  }
  executing(by: number): void {
    this.#executingRequests.value += by;
  }
  seats(by: number): void {
    this.#executingSeats.value += by;
  }
  dispatched(): void {
    this.#dispatched.value++;
  }
  waited(seconds: number, executed: boolean): void {
    (executed ? this.#waited : this.#waitedInVain).observe(seconds);
  }
  executed(seconds: number, watch: boolean): void {
    (watch ? this.#watch : this.#regular).observe(seconds);
  }
  reject(reason: "queue-full" | "concurrency-limit" | "time-out"): void {
    this.#owner.rejected(this.#level, this.schema, reason);
  }
  noAccommodation(): void {
    const help = "Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats";
    this.#owner.ofFlow("counter", "request_dispatch_no_accommodation_total", help, this.#level, this.schema).inc();
  }
}

export interface LevelLimits {
  readonly nominal: number;
  readonly lower: number;
  readonly upper: number;
}

/** What is measured of one level. */
export class LevelSeries {
  readonly name: string;
  readonly #integrator: Integrator;
  readonly #waitingRatio: RatioHistogram;
  readonly #executingRatio: RatioHistogram;
  readonly #seatRatio: RatioHistogram;
  readonly #demandRatio: RatioHistogram;
  readonly #gauges: Readonly<Record<LevelGauge, Value>>;
  readonly #dispatchR: Value;
  readonly #latestS: Value;

  constructor(owner: FlowControlMetrics, name: string, nowMs: number) {
    this.name = name;
    this.#integrator = new Integrator(nowMs);
    const requestHelp =
      "Observations, at the end of every nanosecond, of number of requests (as a fraction of the relevant limit) waiting or in any stage of execution (but only initial stage for WATCHes)";
    const ratioOf = (metric: string, help: string, phase: string, bounds: readonly number[]) => {
      const labels = phase === "" ? levelLabels : (["phase", "priority_level"] as const);
      const values = phase === "" ? [name] : [phase, name];
      return owner.ratio(owner.histogram(metric, help, labels as readonly string[], bounds, values), bounds);
    };
    const requests = "priority_level_request_utilization";
    this.#waitingRatio = ratioOf(requests, requestHelp, "waiting", requestUtilizationBuckets);
    this.#executingRatio = ratioOf(requests, requestHelp, "executing", requestUtilizationBuckets);
    this.#seatRatio = ratioOf(
      "priority_level_seat_utilization",
      "Observations, at the end of every nanosecond, of utilization of seats for any stage of execution (but only initial stage for WATCHes)",
      "executing",
      seatUtilizationBuckets,
    );
    this.#demandRatio = ratioOf(
      "demand_seats",
      "Observations, at the end of every nanosecond, of (the number of seats each priority level could use) / (nominal number of seats for that level)",
      "",
      demandBuckets,
    );
    const entries = Object.entries(levelGauges).map(([gauge, help]) => [gauge, owner.gauge(gauge, help).labels(name)]);
    this.#gauges = Object.fromEntries(entries) as Record<LevelGauge, Value>;
    this.#dispatchR = owner.gauge("dispatch_r", "R(time of last dispatch)").labels(name);
    this.#latestS = owner.gauge("latest_s", "S(most recently dispatched request)").labels(name);
  }

  waiting(requests: number, nowMs: number): void {
    this.#waitingRatio.set(requests, nowMs);
  }
  executing(requests: number, nowMs: number): void {
    this.#executingRatio.set(requests, nowMs);
  }
  seats(inUse: number, nowMs: number): void {
    this.#seatRatio.set(inUse, nowMs);
  }
  demand(seats: number, nowMs: number): void {
    this.#integrator.set(seats, nowMs);
    this.#demandRatio.set(seats, nowMs);
  }
  dispatch(currentR: number, startR: number): void {
    this.#dispatchR.value = currentR;
    this.#latestS.value = startR;
  }
  /** The demand since the last call. */
  takeDemand(nowMs: number): Integral {
    return this.#integrator.reset(nowMs);
  }

  configured({ nominal, lower, upper }: LevelLimits, mostWaiting: number, nowMs: number): void {
    this.#gauges.nominal_limit_seats.set(nominal);
    this.#gauges.lower_limit_seats.set(lower);
    this.#gauges.upper_limit_seats.set(upper);
    this.#waitingRatio.setDenominator(mostWaiting, nowMs);
  }

  /** `denominator` stands for the limit where that is zero. */
  adjusted(current: number, denominator: number, demand: AdjustedDemand, nowMs: number): void {
    this.#executingRatio.setDenominator(denominator, nowMs);
    this.#seatRatio.setDenominator(denominator, nowMs);
    this.#demandRatio.setDenominator(denominator, nowMs);
    const gauges = this.#gauges;
    gauges.current_limit_seats.set(current);
    gauges.demand_seats_high_watermark.set(demand.highWatermark);
    gauges.demand_seats_average.set(demand.average);
    gauges.demand_seats_stdev.set(demand.deviation);
    gauges.demand_seats_smoothed.set(demand.smoothed);
    gauges.target_seats.set(demand.target);
  }
}

export interface AdjustedDemand {
  readonly highWatermark: number;
  readonly average: number;
  readonly deviation: number;
  readonly smoothed: number;
  readonly target: number;
}

const levelGauges = {
  nominal_limit_seats: "Nominal number of execution seats configured for each priority level",
  lower_limit_seats: "Configured lower bound on number of execution seats available to each priority level",
  upper_limit_seats: "Configured upper bound on number of execution seats available to each priority level",
  current_limit_seats: "current derived number of execution seats available to each priority level",
  demand_seats_high_watermark: "High watermark, over last adjustment period, of demand_seats",
  demand_seats_average: "Time-weighted average, over last adjustment period, of demand_seats",
  demand_seats_stdev: "Time-weighted standard deviation, over last adjustment period, of demand_seats",
  demand_seats_smoothed: "Smoothed seat demands",
  target_seats: "Seat allocation targets",
} as const;
type LevelGauge = keyof typeof levelGauges;
