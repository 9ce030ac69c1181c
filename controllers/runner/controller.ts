import type { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { Client, EventDetails, Informers, RateLimiter, Selection } from "../../client/mod.ts";
import type { Action } from "./action.ts";
import type { Cache } from "./cache.ts";
import { reconcileForEver } from "./reconcile.ts";

/** What a controller works with. */
export interface ControllerContext {
  /** Writes, and reads that must be live, as the controller's own user. */
  readonly client: Client;
  /** Shared by all controllers; somebody else runs them. */
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
}

/** Something that keeps one aspect of the cluster as it should be. */
export interface Controller {
  /** For logs, metrics and events: `serviceaccount-controller`. */
  readonly name: string;
  /**
   * Its service account in kube-system, which says what it may do: `service-account-controller`. Undefined: it acts as the
   * controller manager itself.
   */
  readonly serviceAccount: string | undefined;
  /** Works until `signal` aborts; rejects only for what is a bug. */
  run(context: ControllerContext, signal: AbortSignal): Promise<void>;
}

/** Objects that the primary one controls, by their owner reference. */
export interface Owned<P extends ApiObject> {
  readonly resource: ResourceDefinition;
  /** Whether an orphan may be adopted by this primary object of its namespace: its changes then concern it. */
  matches?(primary: P, orphan: ApiObject): boolean;
}

/** Any other change that concerns primary objects. */
export type Watched =
  | {
      readonly resource: ResourceDefinition;
      /** Keys (`namespace/name`) of the primary objects that a change of `object` concerns; called for the old state too. Pure. */
      keys(object: ApiObject, cache: Cache): Iterable<string>;
      /** Of an update: whether it can concern anybody. Default: each does. Pure. */
      matters?(object: ApiObject, old: ApiObject): boolean;
    }
  | {
      /** A source that is no informer: calls `enqueue` from now on until disposed; with a delay, changes are gathered. */
      subscribe(enqueue: (key: string, afterMs?: number) => void): Disposable;
      synced(signal: AbortSignal): Promise<void>;
    };

/** The second half of a decision: what to tell of it. */
export interface Summary<S = unknown> {
  /** Written where it differs from the object's; absent: not this controller's, or nothing to say now. */
  readonly status?: S;
  /** Annotations of the object that go along with its status, where they differ. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Look again at this time (ms since 1970), where nothing changes before. */
  readonly wakeAtMs?: number;
  /** Events about the primary object. */
  readonly events?: readonly EventDetails[];
}

export interface Declaration<P extends ApiObject, O> {
  readonly name: string;
  readonly serviceAccount: string | undefined;
  /** What metrics call its work queue; default its name. */
  readonly queue?: string;
  readonly primary: ResourceDefinition<P>;
  /** Which primary objects there are for this controller. Default: all. */
  readonly selection?: Selection;
  /** Of an update of a primary object: whether it can concern this controller. Default: each does. Pure. */
  matters?(primary: P, old: P): boolean;
  readonly owns?: readonly (ResourceDefinition | Owned<P>)[];
  readonly also?: readonly Watched[];
  /** Resources that decisions read whose changes concern nobody. */
  readonly reads?: readonly ResourceDefinition[];
  /** Keys that are worked on side by side. */
  readonly workers: number;
  /** Decisions about one object depend on what was written of others: each waits until the cache shows all of them. With one worker. */
  readonly sharedBarrier?: boolean;
  /** Default: 5 ms doubling to a minute a key, 10 retries a second over all. */
  readonly rateLimiter?: (clock: Clock) => RateLimiter<string>;
  /**
   * Everything the decision needs, out of the cache. A promise only where something must be read live: what it reads is
   * then newer than any write of this controller.
   */
  observe(
    primary: P,
    cache: Cache,
    now: number,
    live: { readonly client: Client; readonly signal: AbortSignal },
  ): O | Promise<O>;
  /** What to write now, in this order. Pure. */
  plan(observed: O): readonly Action[];
  /** What to write now that there is no object of this key any more. Pure. */
  gone?(key: string, cache: Cache): readonly Action[];
  /** The status that results, given what failed, and when to look again. Pure. */
  summarize?(observed: O, failures: readonly ApiError[]): Summary;
}

/** A controller from its parts; the runner does the rest. See STYLE: a pure decision, a thin actor. */
export function defineController<P extends ApiObject, O>(declaration: Declaration<P, O>): Controller {
  const { name, serviceAccount } = declaration;
  return { name, serviceAccount, run: (context, signal) => reconcileForEver(declaration, context, signal) };
}
