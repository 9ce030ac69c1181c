/**
 * Pods placed a second, and CPU a pod: a cluster inside this process, its API server, scheduler and clients together.
 * `node bench/schedule.ts [--nodes=5000] [--pods=10000]`
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { Service } from "../api/core/v1/service.ts";
import { ServiceAccount } from "../api/core/v1/service-account.ts";
import { startCluster } from "../cluster/mod.ts";

const flags = new Map(process.argv.slice(2).map((flag) => [flag.split("=")[0]!, flag.split("=")[1] ?? ""]));
const nodeCount = Number(flags.get("--nodes") ?? 5_000);
const podCount = Number(flags.get("--pods") ?? 10_000);
const writers = 64;

type Row = Record<string, string | number>;

/** Runs `work` for 0 to `count` - 1, some at once. */
async function each(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: writers }, loop));
}

function node(i: number) {
  const name = `node-${i}`;
  const amounts = { cpu: "32", memory: "128Gi", "ephemeral-storage": "500Gi", pods: "110" };
  const labels = { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": `zone-${i % 3}` };
  return { metadata: { name, labels }, status: { capacity: amounts, allocatable: amounts } };
}

function pod(i: number) {
  const requests = { cpu: "100m", memory: "128Mi" };
  const containers = [{ name: "main", image: "registry.k8s.io/pause:3.10", resources: { requests } }];
  return { metadata: { name: `pod-${i}`, labels: { app: "bench" } }, spec: { containers } };
}

interface Setting {
  readonly scheduler: boolean;
  /** A Service selects all pods: they are spread over zones and nodes by default. */
  readonly service?: boolean;
}

async function measure(what: string, { scheduler, service = false }: Setting): Promise<Row> {
  const cluster = await startCluster({ scheduler });
  try {
    const { client } = cluster;
    await client.resource(ServiceAccount, "default").create({ metadata: { name: "default" } });
    if (service) {
      const spec = { selector: { app: "bench" }, ports: [{ port: 80 }] };
      await client.resource(Service, "default").create({ metadata: { name: "bench" }, spec });
    }
    const nodes = client.resource(Node);
    await each(nodeCount, async (i) => {
      await nodes.create(node(i));
      // Admission makes each new node one that is not ready yet.
      await nodes.patch(`node-${i}`, { type: "merge", body: { spec: { taints: null } } });
    });
    const pods = client.resource(Pod, "default");
    const watch = new AbortController();
    const placed = scheduler ? countPlaced(watch.signal) : Promise.resolve();
    async function countPlaced(signal: AbortSignal): Promise<void> {
      const seen = new Set<string>();
      for await (const event of pods.watch({ signal })) {
        if (event.type === "BOOKMARK" || !event.object.spec.nodeName) continue;
        seen.add(event.object.metadata.name ?? "");
        if (seen.size === podCount) return;
      }
    }
    await sleep(500);
    const usage = process.cpuUsage();
    const startMs = performance.now();
    await each(podCount, async (i) => pods.create(pod(i)));
    const createdMs = performance.now() - startMs;
    await placed;
    const tookMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(usage);
    watch.abort();
    return {
      what,
      "pods/s": Math.round((podCount / tookMs) * 1000),
      seconds: Math.round(tookMs / 100) / 10,
      "created after s": Math.round(createdMs / 100) / 10,
      "CPU ms a pod": Math.round((user + system) / podCount / 10) / 100,
    };
  } finally {
    await cluster.close();
  }
}

const rows: Row[] = [];
rows.push(await measure(`${podCount} pods created, ${nodeCount} nodes, no scheduler`, { scheduler: false }));
rows.push(await measure(`${podCount} pods created and placed, ${nodeCount} nodes`, { scheduler: true }));
rows.push(await measure("the same, selected by a Service", { scheduler: true, service: true }));
// biome-ignore lint/suspicious/noConsole: the table is what this program is for
console.table(rows);
