import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const agentPath = fileURLToPath(new URL("agent.ts", import.meta.url));

/** Why no packets can be sent here; undefined where they can. */
export async function whyNoNetworks(): Promise<string | undefined> {
  if (process.env["K8TS_CONTAINERS"] === "off") return "K8TS_CONTAINERS is off";
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "network namespaces need root on Linux";
  for (const tool of ["ip", "nft", "nsenter", "conntrack"]) {
    const found = await run("sh", ["-c", `command -v ${tool}`]).then(
      () => true,
      () => false,
    );
    if (!found) return `${tool} is not installed`;
  }
  return undefined;
}

export interface Answer {
  readonly text: string;
  /** Of the endpoint that answered. */
  readonly name: string;
  /** The client's address as the endpoint saw it. */
  readonly client: string;
}

/** A process inside a namespace that serves and asks. */
export class Agent {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<string>>();
  #next = 0;

  constructor(namespace: string) {
    this.#child = spawn("nsenter", [`--net=/run/netns/${namespace}`, process.execPath, agentPath], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const { id, ok, error } = JSON.parse(line) as { id: number; ok?: string; error?: string };
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(ok ?? "");
      else waiting?.reject(Object.assign(new Error(error), { code: error }));
    });
  }

  /** At every address, where none is given. */
  serve(name: string, port: number, host = "::"): Promise<string> {
    return this.#order({ do: "serve", name, port, host });
  }

  async tcp(host: string, port: number): Promise<Answer> {
    return answerOf(await this.#order({ do: "tcp", host, port }));
  }

  async udp(host: string, port: number, from?: number): Promise<Answer> {
    return answerOf(await this.#order({ do: "udp", host, port, ...(from === undefined ? {} : { from }) }));
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  #order(order: object): Promise<string> {
    const id = this.#next++;
    const waiting = Promise.withResolvers<string>();
    this.#waiting.set(id, waiting);
    this.#child.stdin!.write(`${JSON.stringify({ id, ...order })}\n`);
    return waiting.promise;
  }
}

function answerOf(text: string): Answer {
  const [name = "", client = ""] = text.split(" ");
  return { text, name, client };
}

const prefix = "k8ts-px";
let networks = 0;

/**
 * A node with a bridge of pods and a router that would carry away what leaves the node, each a network namespace of its own;
 * nothing leads from there to the machine. Addresses: pods 198.19.0.0/24 and fd00:19::/64 with the bridge at .1, node 198.18.0.1
 * and fd00:18::1, outside 198.18.0.2; services 198.18.128.0/17 and fd00:96::/112.
 */
export class TestNetwork {
  readonly prefix = `${prefix}-${process.pid}-${networks++}`;
  readonly agents: Agent[] = [];
  #pods = 0;
  readonly #removeNow = (): void => removeNamespaces(this.prefix);

  /** Goes with `destroy`, or with this process. */
  static async create(): Promise<TestNetwork> {
    removeAbandoned();
    const network = new TestNetwork();
    process.once("exit", network.#removeNow);
    process.once("SIGTERM", leave);
    process.once("SIGINT", leave);
    await network.#build();
    return network;
  }

  get node(): string {
    return `${this.prefix}-node`;
  }

  get outside(): string {
    return `${this.prefix}-out`;
  }

  /** A command line's start that enters the node's namespace. */
  get inNode(): readonly string[] {
    return ["nsenter", `--net=/run/netns/${this.node}`];
  }

  agent(namespace: string): Agent {
    const agent = new Agent(namespace);
    this.agents.push(agent);
    return agent;
  }

  /** A pod and its address: 198.19.0.2 the first one, then .3, … */
  async pod(): Promise<{ readonly agent: Agent; readonly ip: string; readonly ip6: string }> {
    const number = ++this.#pods + 1;
    const name = `${this.prefix}-p${number}`;
    const ip = `198.19.0.${number}`;
    const ip6 = `fd00:19::${number}`;
    await shell(`
      ip netns add ${name}
      ip -n ${this.node} link add v${number} type veth peer name eth0 netns ${name}
      ip -n ${this.node} link set v${number} master br0 up
      ip -n ${this.node} link set v${number} type bridge_slave hairpin on
      ip -n ${name} link set lo up
      ip -n ${name} addr add ${ip}/24 dev eth0
      ip -n ${name} addr add ${ip6}/64 dev eth0 nodad
      ip -n ${name} link set eth0 up
      ip -n ${name} route add default via 198.19.0.1
      ip -n ${name} -6 route add default via fd00:19::1`);
    return { agent: this.agent(name), ip, ip6 };
  }

  async nft(script: string): Promise<string> {
    const { stdout } = await run("nsenter", [`--net=/run/netns/${this.node}`, "nft", ...script.split(" ")]);
    return stdout;
  }

  /** Packets to the service range that have reached the router. */
  async leaked(): Promise<number> {
    const { stdout } = await run("nsenter", [`--net=/run/netns/${this.outside}`, "nft", "list", "counters"]);
    return [...stdout.matchAll(/packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
  }

  async destroy(): Promise<void> {
    for (const agent of this.agents) agent.stop();
    this.#removeNow();
    process.off("exit", this.#removeNow);
    process.off("SIGTERM", leave);
    process.off("SIGINT", leave);
  }

  async #build(): Promise<void> {
    const { node, outside } = this;
    await shell(`
      ip netns add ${node}
      ip netns add ${outside}
      ip -n ${node} link set lo up
      ip -n ${outside} link set lo up
      ip -n ${node} link add up0 type veth peer name eth0 netns ${outside}
      ip -n ${node} addr add 198.18.0.1/24 dev up0
      ip -n ${node} addr add fd00:18::1/64 dev up0 nodad
      ip -n ${node} link set up0 up
      ip -n ${outside} addr add 198.18.0.2/24 dev eth0
      ip -n ${outside} addr add fd00:18::2/64 dev eth0 nodad
      ip -n ${outside} link set eth0 up
      ip -n ${node} route add default via 198.18.0.2
      ip -n ${node} -6 route add default via fd00:18::2
      ip -n ${outside} route add 198.18.128.0/17 via 198.18.0.1
      ip -n ${outside} route add 198.19.0.0/24 via 198.18.0.1
      ip -n ${node} link add br0 type bridge
      ip -n ${node} addr add 198.19.0.1/24 dev br0
      ip -n ${node} addr add fd00:19::1/64 dev br0 nodad
      ip -n ${node} link set br0 up
      nsenter --net=/run/netns/${node} sh -c '
        echo 1 > /proc/sys/net/ipv4/ip_forward
        echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
        for bridged in /proc/sys/net/bridge/bridge-nf-call-ip*tables; do echo 1 > $bridged; done'
      nsenter --net=/run/netns/${outside} nft -f - <<'END'
        table inet t {
          counter leaked {}
          counter leaked6 {}
          chain c {
            type filter hook prerouting priority -400;
            iif eth0 ip daddr 198.18.128.0/17 counter name leaked drop
            iif eth0 ip6 daddr fd00:96::/112 counter name leaked6 drop
          }
        }
END`);
  }
}

async function shell(script: string): Promise<void> {
  await run("sh", ["-e", "-c", script], { timeout: 20_000 });
}

/** By itself a signal ends a process without its `exit` listeners. */
const leave = (): void => process.exit(1);

function namespaces(): readonly string[] {
  return existsSync("/run/netns") ? readdirSync("/run/netns") : [];
}

/** Agents in them end by themselves, with the process that gives them orders. */
function removeNamespaces(prefix: string): void {
  for (const name of namespaces().filter((one) => one.startsWith(`${prefix}-`))) {
    removeNamespace(name);
  }
}

function removeNamespace(name: string): void {
  try {
    execFileSync("ip", ["netns", "delete", name], { stdio: "pipe" });
  } catch (error) {
    if (namespaces().includes(name)) throw error; // Else another test was faster.
  }
}

/** Those of processes that were killed. */
function removeAbandoned(): void {
  for (const name of namespaces()) {
    const pid = new RegExp(`^${prefix}-(\\d+)-\\d+-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeNamespace(name);
  }
}
