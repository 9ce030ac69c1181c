import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Client, Informers } from "../client/mod.ts";

export interface SchedulerOptions {
  /** As system:kube-scheduler, or whoever may bind pods. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  /** Only pods that ask for this scheduler are placed. Default `default-scheduler`. */
  readonly schedulerName?: string | undefined;
  /** The machine, for events: `default-scheduler-HOST` has reported them. */
  readonly host?: string | undefined;
  /** Shared ones, which whoever gives them runs. Default: its own. */
  readonly informers?: Informers | undefined;
  /** Bindings under way at once. Default 128. */
  readonly maxBindings?: number | undefined;
}
