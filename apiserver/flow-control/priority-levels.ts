import type { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { Clock } from "../../base/clock.ts";
import type { RequestInfo } from "../request.ts";
import { lend, noDemand, type SeatDemand, updatedDemand } from "./borrowing.ts";
import { deal, hashOfFlow } from "./dealer.ts";
import { DroppedRequests } from "./dropped-requests.ts";
import {
  type LevelObject,
  limitsOf,
  maxSeatsPerRequest,
  type SchemaObject,
  sharesOf,
  withMandatory,
} from "./levels.ts";
import { bySchemaOrder, distinguisherOf, matchesARule, rulesFor, type SubjectRules } from "./matching.ts";
import type { FlowControlMetrics, FlowSeries, LevelLimits, LevelSeries } from "./metrics.ts";
import { QueueSet, type QueuingConfig } from "./queue-set.ts";

/** Hands that are remembered for each level, so that a flow's is not dealt at every request. */
const maxHands = 2_000;

/** One priority level at work. */
export class PriorityLevel {
  readonly name: string;
  readonly series: LevelSeries;
  readonly queues: QueueSet;
  readonly dropped: DroppedRequests = new DroppedRequests();
  object: LevelObject;
  limits: LevelLimits = { nominal: 0, lower: 0, upper: 0 };
  demand: SeatDemand = noDemand;
  current = 0;
  maxSeats = 0;
  /** Its object is gone: it ends with the requests it has. */
  quiescing = false;
  readonly #hands = new Map<string, readonly number[]>();
  #handOf = "";

  constructor(object: LevelObject, series: LevelSeries, clock: Clock) {
    this.name = object.metadata.name ?? "";
    this.object = object;
    this.series = series;
    this.queues = new QueueSet(clock, series);
  }

  get exempt(): boolean {
    return this.object.spec.type === "Exempt";
  }

  get queuing(): QueuingConfig & { readonly handSize: number } {
    if (this.exempt) return { queues: undefined, queueLengthLimit: 0, handSize: 0 };
    const { queuing } = this.object.spec.limited!.limitResponse;
    return queuing ?? { queues: 0, queueLengthLimit: 0, handSize: 0 };
  }

  /** The queues of a flow. */
  hand(schema: string, distinguisher: string): readonly number[] {
    const { queues = 0, handSize } = this.queuing;
    if (queues < 1) return [];
    if (queues === 1) return [0];
    const shape = `${queues}/${handSize}`;
    if (shape !== this.#handOf || this.#hands.size >= maxHands) this.#hands.clear();
    this.#handOf = shape;
    const key = `${schema}\0${distinguisher}`;
    let hand = this.#hands.get(key);
    if (hand === undefined) {
      hand = deal(hashOfFlow(schema, distinguisher), queues, handSize);
      this.#hands.set(key, hand);
    }
    return hand;
  }
}

interface UserSchema {
  readonly used: UsedSchema;
  readonly rules: readonly SubjectRules[];
}

export interface UsedSchema {
  readonly object: SchemaObject;
  readonly level: PriorityLevel;
  readonly series: FlowSeries;
}

/** All levels and schemas as they are now. Nothing in here waits. */
export class PriorityLevels {
  readonly #clock: Clock;
  readonly #metrics: FlowControlMetrics;
  readonly #serverLimit: number;
  readonly #levels = new Map<string, PriorityLevel>();
  #schemas: readonly UsedSchema[] = [];
  /** What of `#schemas` is about a user, in their order; begun anew with them. Who asks again is the same object. */
  #ofUser = new WeakMap<UserInfo, readonly UserSchema[]>();
  #nominalSum = 0;
  #borrowedAtMs = 0;

  /** `serverLimit`: the seats of the whole server. */
  constructor(serverLimit: number, metrics: FlowControlMetrics, clock: Clock) {
    this.#serverLimit = serverLimit;
    this.#metrics = metrics;
    this.#clock = clock;
    this.digest([], []);
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values();
  }

  /** Takes over new objects; a level that is wanted no more stays until its requests have ended. */
  digest(levelObjects: readonly LevelObject[], schemaObjects: readonly SchemaObject[]): void {
    const { levels, schemas } = withMandatory(levelObjects, [...schemaObjects].sort(inOrder));
    const wanted = new Set<string>();
    for (const object of levels) {
      const name = object.metadata.name ?? "";
      wanted.add(name);
      const known = this.#levels.get(name);
      if (known === undefined) {
        this.#levels.set(name, new PriorityLevel(object, this.#metrics.level(name), this.#clock));
      } else {
        known.object = object;
        known.quiescing = false;
      }
    }
    for (const [name, level] of this.#levels) {
      if (wanted.has(name)) continue;
      level.quiescing = true;
      if (level.queues.isIdle) this.#levels.delete(name);
    }
    this.#shareOut();
    const series = new Map(this.#schemas.map((used) => [used.object.metadata.name, used]));
    this.#schemas = schemas.map((object) => {
      const level = this.#levels.get(object.spec.priorityLevelConfiguration.name)!;
      const known = series.get(object.metadata.name);
      const kept = known?.level === level ? known.series : undefined;
      return { object, level, series: kept ?? this.#metrics.flow(level.name, object.metadata.name ?? "") };
    });
    this.#ofUser = new WeakMap();
    this.borrow();
  }

  /** Moves seats to where they were wanted since the last time. */
  borrow(): void {
    const now = this.#clock.monotonicMs();
    const levels = [...this.#levels.values()];
    for (const level of levels) level.demand = updatedDemand(level.demand, level.series.takeDemand(now));
    const { current, targets, fairFraction } = lend(this.#nominalSum, levels);
    this.#metrics.fairFraction.set(fairFraction);
    levels.forEach((level, i) => {
      level.current = current[i]!;
      const denominator = level.current > 0 ? level.current : Math.max(1, Math.round(this.#serverLimit / 10));
      level.series.adjusted(level.current, denominator, { ...level.demand, target: targets[i]! }, now);
      level.queues.configure(level.queuing, level.current);
    });
    this.#borrowedAtMs = now;
  }

  /** When seats were last moved, on the monotonic clock. */
  get borrowedAtMs(): number {
    return this.#borrowedAtMs;
  }

  /** The first schema that matches; `catch-all` where none does. */
  classify(info: RequestInfo, user: UserInfo): UsedSchema {
    let schemas = this.#ofUser.get(user);
    if (schemas === undefined) {
      schemas = this.#schemas
        .map((used) => ({ used, rules: rulesFor(used.object, user) }))
        .filter(({ rules }) => rules.length > 0);
      this.#ofUser.set(user, schemas);
    }
    for (const { used, rules } of schemas) if (matchesARule(rules, info)) return used;
    return this.#schemas.find(({ object }) => object.metadata.name === "catch-all")!;
  }

  /** What tells this request's flow from others of its schema; empty where it makes no difference. */
  distinguisher({ object, level }: UsedSchema, info: RequestInfo, user: UserInfo): string {
    return (level.queuing.queues ?? 0) > 1 ? distinguisherOf(object, info, user) : "";
  }

  /** A level whose object is gone has ended its last request. */
  reap(level: PriorityLevel): void {
    if (level.quiescing && level.queues.isIdle && this.#levels.get(level.name) === level) {
      this.#levels.delete(level.name);
      this.#shareOut();
      this.borrow();
    }
  }

  #shareOut(): void {
    const now = this.#clock.monotonicMs();
    const levels = [...this.#levels.values()];
    const shareSum = levels.reduce((sum, { object }) => sum + sharesOf(object.spec).nominal, 0);
    this.#nominalSum = 0;
    for (const level of levels) {
      level.limits = limitsOf(sharesOf(level.object.spec), shareSum, this.#serverLimit);
      level.maxSeats = maxSeatsPerRequest(level.object.spec, level.limits.nominal);
      this.#nominalSum += level.limits.nominal;
      const { queues = 0, queueLengthLimit } = level.queuing;
      level.series.configured(level.limits, Math.max(1, queueLengthLimit) * Math.max(1, queues), now);
    }
  }
}

function inOrder(a: SchemaObject, b: SchemaObject): number {
  return bySchemaOrder(a as FlowSchema, b as FlowSchema);
}
