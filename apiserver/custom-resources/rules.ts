import type { FieldError } from "../../apimachinery/field/error.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { Correlation } from "../../apimachinery/structural/correlation.ts";
import type { Props } from "../../apimachinery/structural/props.ts";
import { ruleValidator } from "../../apimachinery/structural/rules/validator.ts";
import type { Clock } from "../../base/clock.ts";
import type { Distribution, MetricsRegistry } from "../../base/metrics.ts";

/** What is wrong with an object, and its change; `warn` hears what is let be, because it was so before. */
export type RuleErrors = (
  object: JsonObject,
  old: JsonObject | undefined,
  warn: ((text: string) => void) | undefined,
) => readonly FieldError[];

/** How long rules take (apiserver/pkg/cel/metrics). */
export class RuleTimes {
  readonly #clock: Clock;
  readonly #compilations;
  readonly #evaluations;

  constructor(metrics: MetricsRegistry, clock: Clock) {
    this.#clock = clock;
    const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    const family = (name: string, help: string) =>
      metrics.histogram({ name: `apiserver_cel_${name}`, stability: "BETA", help, buckets }).labels();
    this.#compilations = family("compilation_duration_seconds", "CEL compilation time in seconds.");
    this.#evaluations = family("evaluation_duration_seconds", "CEL evaluation time in seconds.");
  }

  compiling<T>(run: () => T): T {
    return this.#timed(this.#compilations, run);
  }

  evaluating<T>(run: () => T): T {
    return this.#timed(this.#evaluations, run);
  }

  #timed<T>(series: Distribution, run: () => T): T {
    const startedMs = this.#clock.monotonicMs();
    try {
      return run();
    } finally {
      series.observe((this.#clock.monotonicMs() - startedMs) / 1000);
    }
  }
}

/** What the rules within a schema say of an object, and of its change; undefined where there are none. */
export function customRules(props: Props, times: RuleTimes): RuleErrors | undefined {
  const validator = times.compiling(() => ruleValidator(props, true));
  if (validator === undefined) return undefined;
  return (object, old, warn) => {
    const correlation = old === undefined ? undefined : new Correlation(object, old, props);
    return times.evaluating(() => validator(object, old, { place: "", correlation, warn }));
  };
}
