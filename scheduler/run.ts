import { Namespace } from "../api/core/v1/namespace.ts";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { Event } from "../api/events/v1/event.ts";
import { PodDisruptionBudget } from "../api/policy/v1/pod-disruption-budget.ts";
import { runTasks } from "../base/task-group.ts";
import { Informers, SeriesEventRecorder } from "../client/mod.ts";
import { Cache } from "./cache/cache.ts";
import type { Profile } from "./framework/decide.ts";
import { Nominations } from "./framework/nominations.ts";
import { schedulerMetrics } from "./metrics.ts";
import type { SchedulerOptions } from "./options.ts";
import { filterPlugins, scorePlugins } from "./plugins/all.ts";
import { SchedulingQueue } from "./queue/scheduling-queue.ts";
import { Scheduler } from "./scheduler.ts";
import { siblingsFrom } from "./siblings.ts";
import { followNodes, followPods } from "./watch.ts";

/** Pods that have ended take nothing of their node. */
const running = { fieldSelector: "status.phase!=Succeeded,status.phase!=Failed" };

/**
 * Places pods that name this scheduler on nodes, until `signal` aborts; resolves when all it started has ended, rejects where
 * there is a bug (cmd/kube-scheduler). Two at once would be safe, for a pod is bound once, and would get in each other's
 * way: whoever runs it in several processes elects a leader.
 */
export async function runScheduler(options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, logger, schedulerName = "default-scheduler", maxBindings = 128 } = options;
  const informers = options.informers ?? new Informers({ client, clock, random, logger });
  const pods = informers.of(Pod, running);
  const nodes = informers.of(Node);
  const namespaces = informers.of(Namespace);
  const budgets = informers.of(PodDisruptionBudget);
  const metrics = schedulerMetrics(options.metrics, schedulerName);
  const recorder = new SeriesEventRecorder({
    client: client.resource(Event),
    component: schedulerName,
    host: options.host ?? "",
    clock,
    random,
    logger,
  });
  const cache = new Cache({
    namespaceLabels: (namespace) => namespaces.cache.get(namespace)?.metadata.labels,
    disruptionBudgets: () => budgets.cache.list(),
    siblings: siblingsFrom(informers),
  });
  const nominations = new Nominations();
  const profile: Profile = { filters: filterPlugins, scores: scorePlugins };
  const onReady = (): void => scheduler.wake();
  const queue = new SchedulingQueue({ clock, plugins: profile.filters, onReady, onIncoming: metrics.incoming });
  const scheduler: Scheduler = new Scheduler({
    ...{ clock, random, logger, profile, cache, queue, nominations, recorder, metrics, maxBindings },
    pods: client.resource(Pod),
    podCache: pods.cache,
  });
  metrics.follow(queue, cache);
  const work = async (inner: AbortSignal): Promise<void> => {
    const watched = { cache, queue, nominations, schedulerName };
    await Promise.all([nodes, pods, namespaces, budgets].map((informer) => informer.synced(inner)));
    using _nodes = followNodes(nodes, watched);
    using _pods = followPods(pods, watched);
    await runTasks(inner, [(task) => queue.run(task), (task) => scheduler.run(task)]);
  };
  await runTasks(signal, [
    work,
    (inner) => recorder.run(inner),
    ...(options.informers === undefined ? [(inner: AbortSignal) => informers.run(inner)] : []),
  ]);
}
