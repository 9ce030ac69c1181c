import assert from "node:assert/strict";
import { Event } from "../../api/core/v1/event.ts";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { CapturingLogger, type VirtualClock } from "../../base/mod.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { type FakeNodesOptions, runFakeNodes } from "./fake-nodes.ts";

export interface Workloads {
  readonly cluster: Cluster;
  readonly clock: VirtualClock;
  /** Lets time pass until it holds, for ten minutes at most. Returns how much has passed, in ms. */
  until(condition: () => Promise<boolean> | boolean, what?: string): Promise<number>;
  /** Pods of the namespace `default`. */
  pods(): Promise<readonly Pod[]>;
  /** `REASON: MESSAGE` of the events about an object, in the order they were written. */
  events(name: string): Promise<readonly string[]>;
}

export interface WorkloadsOptions
  extends Partial<Pick<FakeNodesOptions, "names" | "startMs" | "stopMs" | "healthy" | "alive">> {
  readonly seed?: number;
}

/** A cluster with controllers and nodes that pretend, on virtual time; nothing it logs may be worse than a warning. */
export async function withWorkloads(
  options: WorkloadsOptions,
  fn: (subject: Workloads) => Promise<void>,
): Promise<void> {
  const logger = new CapturingLogger();
  const { seed = 1, names = ["n1", "n2"], ...rest } = options;
  const cluster = await startCluster({ time: "virtual", seed, controllers: true, logger });
  const clock = cluster.virtualClock!;
  const stop = new AbortController();
  const { client, random } = cluster;
  const nodes = runFakeNodes({ client, clock, random, names, ...rest }, stop.signal);
  const until: Workloads["until"] = async (condition, what = "it") => {
    const startMs = clock.monotonicMs();
    while (!(await condition())) {
      assert.ok(clock.monotonicMs() - startMs < 600_000, `${what} does not come true`);
      await clock.advance(5);
    }
    return clock.monotonicMs() - startMs;
  };
  const events: Workloads["events"] = async (name) => {
    const { items } = await client.resource(Event, "default").list({ fieldSelector: `involvedObject.name=${name}` });
    return [...items]
      .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ reason, message }) => `${reason}: ${message}`);
  };
  const pods: Workloads["pods"] = async () => (await client.resource(Pod, "default").list()).items;
  try {
    await until(async () => (await client.resource(Node).list()).items.length === names.length, "a node");
    await fn({ cluster, clock, until, pods, events });
  } finally {
    stop.abort();
    await nodes;
    await cluster.close();
  }
  assert.deepEqual(
    logger.records.filter(({ level }) => level === "error"),
    [],
  );
}
