import { escapeHelp, formatLabels, formatNumber } from "./metrics-text.ts";

/** Label values in the order of the names they were declared with. */
export type LabelValues<L extends readonly string[]> = { readonly [K in keyof L]: string };

/** What is promised of a metric's name and labels, as upstream's levels say it; `none`: it is not one of Kubernetes'. */
export type Stability = "STABLE" | "BETA" | "ALPHA" | "none";

export interface MetricOptions<L extends readonly string[]> {
  /** Upstream's name: `apiserver_request_total`. */
  readonly name: string;
  readonly help: string;
  /** Shown before the help. Default ALPHA. */
  readonly stability?: Stability;
  /** Names of labels, in the order `labels(…)` takes their values. Default: none. */
  readonly labels?: L;
  /** Most distinct label values kept; further ones are counted together under `other`. Default 10,000. */
  readonly maxSeries?: number;
}
export interface HistogramOptions<L extends readonly string[]> extends MetricOptions<L> {
  /** Upper bounds, rising, without +Inf. */
  readonly buckets: readonly number[];
}

/** What a family of series was declared as. */
export interface MetricDeclaration {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly stability: Stability;
  readonly labels: readonly string[];
}

interface Metric {
  readonly name: string;
  readonly declaration: MetricDeclaration;
  render(lines: string[]): void;
}

/** A metric's series by label values. Take a series once with `labels(…)` and keep it: using it is then one addition. */
class Family<L extends readonly string[], S> {
  readonly name: string;
  readonly #series = new Map<string, { readonly labels: string; readonly series: S }>();
  readonly #options: MetricOptions<L>;
  readonly #make: () => S;
  readonly #type: MetricDeclaration["type"];

  constructor(type: MetricDeclaration["type"], options: MetricOptions<L>, make: () => S) {
    this.name = options.name;
    this.#options = options;
    this.#type = type;
    this.#make = make;
    if (this.#names.length === 0) this.#at([]);
  }

  get declaration(): MetricDeclaration {
    const { name, stability = "ALPHA" } = this.#options;
    return { name, type: this.#type, stability, labels: this.#names };
  }

  get #names(): readonly string[] {
    return this.#options.labels ?? [];
  }

  labels(...values: LabelValues<L>): S {
    return this.#at(values);
  }

  /** Forgets the series, if there is one: what it measured is gone. */
  remove(...values: LabelValues<L>): void {
    this.#series.delete(values.join("\xff"));
  }

  #at(values: readonly string[]): S {
    const key = values.length === 1 ? (values[0] as string) : values.join("\xff");
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    if (this.#series.size >= (this.#options.maxSeries ?? 10_000) && values.some((value) => value !== "other")) {
      return this.#at(values.map(() => "other"));
    }
    const series = this.#make();
    this.#series.set(key, { labels: formatLabels(this.#names, values), series });
    return series;
  }

  /** Header lines, then `each` for every series in the order of its labels. */
  protected renderSeries(lines: string[], each: (labels: string, series: S) => void): void {
    if (this.#series.size === 0) return;
    const { help, stability = "ALPHA" } = this.#options;
    const level = stability === "none" ? "" : `[${stability}] `;
    lines.push(`# HELP ${this.name} ${level}${escapeHelp(help)}`, `# TYPE ${this.name} ${this.#type}`);
    const sorted = [...this.#series.values()].sort((a, b) => (a.labels < b.labels ? -1 : 1));
    for (const { labels, series } of sorted) each(labels, series);
  }
}

/** A number of one series. Rises only, where it belongs to a counter. */
export class Value {
  value = 0;
  inc(by = 1): void {
    this.value += by;
  }
  dec(by = 1): void {
    this.value -= by;
  }
  set(value: number): void {
    this.value = value;
  }
}
export type CounterValue = Pick<Value, "inc" | "value">;

class ValueFamily<L extends readonly string[]> extends Family<L, Value> implements Metric {
  constructor(type: "counter" | "gauge", options: MetricOptions<L>) {
    super(type, options, () => new Value());
  }

  render(lines: string[]): void {
    this.renderSeries(lines, (labels, { value }) => lines.push(`${this.name}${labels} ${formatNumber(value)}`));
  }
}

/** One series of a histogram. */
export class Distribution {
  readonly #bounds: readonly number[];
  /** Not cumulative; one more than there are bounds. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] as number)) i++;
    (this.counts[i] as number)++;
    this.sum += value;
  }
}

class HistogramFamily<L extends readonly string[]> extends Family<L, Distribution> implements Metric {
  readonly #bounds: readonly string[];

  constructor(options: HistogramOptions<L>) {
    super("histogram", options, () => new Distribution(options.buckets));
    this.#bounds = [...options.buckets, Infinity].map((bound) => `le="${formatNumber(bound)}"`);
  }

  render(lines: string[]): void {
    this.renderSeries(lines, (labels, { counts, sum }) => {
      const prefix = labels === "" ? "{" : `${labels.slice(0, -1)},`;
      let cumulative = 0;
      this.#bounds.forEach((bound, i) => {
        cumulative += counts[i] ?? 0;
        lines.push(`${this.name}_bucket${prefix}${bound}} ${formatNumber(cumulative)}`);
      });
      lines.push(
        `${this.name}_sum${labels} ${formatNumber(sum)}`,
        `${this.name}_count${labels} ${formatNumber(cumulative)}`,
      );
    });
  }
}

export interface Counter<L extends readonly string[] = readonly string[]> {
  labels(...values: LabelValues<L>): CounterValue;
  remove(...values: LabelValues<L>): void;
}
export interface Gauge<L extends readonly string[] = readonly string[]> {
  labels(...values: LabelValues<L>): Value;
  remove(...values: LabelValues<L>): void;
}
export interface Histogram<L extends readonly string[] = readonly string[]> {
  labels(...values: LabelValues<L>): Distribution;
  remove(...values: LabelValues<L>): void;
}

/**
 * The metrics of one component. A name asked for twice is the same metric, so that several instances of a part (one work
 * queue a controller) share it; asking for it as another kind throws.
 */
export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #collectors: (() => void)[] = [];

  counter<const L extends readonly string[] = readonly []>(options: MetricOptions<L>): Counter<L> {
    return this.#named(options.name, "counter", () => new ValueFamily("counter", options)) as ValueFamily<L>;
  }

  gauge<const L extends readonly string[] = readonly []>(options: MetricOptions<L>): Gauge<L> {
    return this.#named(options.name, "gauge", () => new ValueFamily("gauge", options)) as ValueFamily<L>;
  }

  histogram<const L extends readonly string[] = readonly []>(options: HistogramOptions<L>): Histogram<L> {
    return this.#named(options.name, "histogram", () => new HistogramFamily(options)) as HistogramFamily<L>;
  }

  /** Everything that has been declared so far, in the order of names. */
  get declarations(): readonly MetricDeclaration[] {
    return [...this.#metrics.keys()].sort().map((name) => this.#metrics.get(name)!.declaration);
  }

  /** Called before each rendering, to set gauges that nobody keeps up to date. Must not throw. */
  onCollect(fn: () => void): void {
    this.#collectors.push(fn);
  }

  /** Text format 0.0.4, families in the order of their names. */
  render(): string {
    for (const collect of this.#collectors) collect();
    const lines: string[] = [];
    for (const name of [...this.#metrics.keys()].sort()) this.#metrics.get(name)?.render(lines);
    return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  }

  #named(name: string, kind: MetricDeclaration["type"], make: () => Metric): Metric {
    const known = this.#metrics.get(name);
    if (known !== undefined) {
      const { type } = known.declaration;
      if (type !== kind) throw new Error(`metric ${name} is a ${type}, not a ${kind}`);
      return known;
    }
    const metric = make();
    this.#metrics.set(name, metric);
    return metric;
  }
}

/** `count` bounds from `start`, each `factor` times the one before (prometheus.ExponentialBuckets). */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  const bounds: number[] = [];
  for (let bound = start; bounds.length < count; bound *= factor) bounds.push(bound);
  return bounds;
}

/** `count` bounds from `start`, each `width` above the one before (prometheus.LinearBuckets). */
export function linearBuckets(start: number, width: number, count: number): number[] {
  const bounds: number[] = [];
  for (let bound = start; bounds.length < count; bound += width) bounds.push(bound);
  return bounds;
}
