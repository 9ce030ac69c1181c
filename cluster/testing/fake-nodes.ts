import { Lease } from "../../api/coordination/v1/lease.ts";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatMicroTime, formatTime } from "../../apimachinery/time/time.ts";
import { type Clock, type Random, runTasks, silentLogger, TaskGroup } from "../../base/mod.ts";
import { type Client, Informer, objectKey } from "../../client/mod.ts";

export interface FakeNodesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly names: readonly string[];
  /** From seen to Running and Ready. Default 20. */
  readonly startMs?: number;
  /** From asked to go to gone. Default 5. */
  readonly stopMs?: number;
  /** Pods for which this is false start and never become ready. */
  readonly healthy?: (pod: Pod) => boolean;
  /** Nodes for which this is false do nothing and say nothing. */
  readonly alive?: (node: string) => boolean;
  /** Pods are bound in turn. Default true; false where a scheduler does it. */
  readonly binds?: boolean;
}

/**
 * Nodes without containers, and (unless `binds` is false) a scheduler that goes round: through the API alone, pods are bound, run, become ready, get an
 * address, and go when asked to, as a kubelet would report it. Ends when `signal` aborts.
 */
export async function runFakeNodes(options: FakeNodesOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, names } = options;
  const { alive = () => true } = options;
  for (const name of names) await register(client, clock, name);
  const informer = new Informer({ client: client.resource(Pod), clock, random, logger: silentLogger });
  const group = new TaskGroup(signal);
  const underWay = new Set<string>();
  let turn = 0;
  let address = 0;
  const step = (pod: Pod): void => {
    const key = `${objectKey(pod)}/${pod.metadata.uid}`;
    if (underWay.has(key) || (pod.spec.nodeName && !alive(pod.spec.nodeName))) return;
    const work = nextStep(pod, {
      ...options,
      node: () => names[turn++ % names.length]!,
      address: () => `10.244.${Math.floor(++address / 250)}.${(address % 250) + 1}`,
    });
    if (work === undefined) return;
    underWay.add(key);
    group.start(async (inner) => {
      try {
        await work(inner);
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      } finally {
        underWay.delete(key);
      }
      const now = informer.cache.get(objectKey(pod));
      if (now !== undefined && now.metadata.resourceVersion !== pod.metadata.resourceVersion) step(now);
    });
  };
  using _ = informer.addHandler({ add: step, update: step });
  for (const name of names) group.start((inner) => renewLease(options, name, inner));
  await runTasks(signal, [(inner) => informer.run(inner), () => group.wait()]);
}

async function register(client: Client, clock: Clock, name: string): Promise<void> {
  const nodes = client.resource(Node);
  await nodes.create({ metadata: { name, labels: { "kubernetes.io/hostname": name } } });
  const lastTransitionTime = formatTime(clock.now());
  const conditions = [{ type: "Ready", status: "True", lastTransitionTime, lastHeartbeatTime: lastTransitionTime }];
  await nodes.patch(name, { type: "strategic", body: { status: { conditions } } }, { subresource: "status" });
}

/** Every ten seconds, as the kubelet does. */
async function renewLease({ client, clock, alive = () => true }: FakeNodesOptions, name: string, signal: AbortSignal) {
  const leases = client.resource(Lease, "kube-node-lease");
  await leases.create({ metadata: { name }, spec: { holderIdentity: name, renewTime: formatMicroTime(clock.now()) } });
  for (;;) {
    await clock.sleep(10_000, signal);
    const body = { spec: { renewTime: formatMicroTime(clock.now()) } };
    if (alive(name)) await leases.patch(name, { type: "merge", body }, { signal });
  }
}

interface StepOptions extends FakeNodesOptions {
  readonly node: () => string;
  readonly address: () => string;
}

/** The node that a daemon's pod is bound to by its affinity. */
function chosenNode({ spec }: Pod): string | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.[0]?.matchFields?.[0]?.values?.[0];
}

type Step = (signal: AbortSignal) => Promise<void>;

function nextStep(pod: Pod, options: StepOptions): Step | undefined {
  const { client, clock, startMs = 20, stopMs = 5, healthy = () => true } = options;
  const { name = "", namespace = "", uid, deletionTimestamp } = pod.metadata;
  const pods = client.resource(Pod, namespace);
  const nodeName = pod.spec.nodeName ?? "";
  if (deletionTimestamp !== undefined) {
    return async (signal) => {
      await clock.sleep(stopMs, signal);
      await pods.delete(name, { gracePeriodSeconds: 0, preconditions: { uid: uid ?? "" }, signal });
    };
  }
  if (nodeName === "") {
    if (options.binds === false) return undefined;
    return async (signal) => {
      const target = { apiVersion: "v1", kind: "Node", name: chosenNode(pod) ?? options.node() };
      await pods.subresource(name, "binding").create({ metadata: { name, uid }, target } as never, { signal });
    };
  }
  if (!options.names.includes(nodeName) || pod.status?.phase !== "Pending") return undefined;
  return async (signal) => {
    await clock.sleep(startMs, signal);
    const lastTransitionTime = formatTime(clock.now());
    const podIP = options.address();
    const status = healthy(pod) ? "True" : "False";
    const conditions = ["Initialized", "ContainersReady", "Ready"].map((type) => ({
      type,
      status: type === "Initialized" ? "True" : status,
      lastTransitionTime,
    }));
    const body = { status: { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions } };
    await pods.patch(name, { type: "strategic", body }, { subresource: "status", signal });
  };
}
