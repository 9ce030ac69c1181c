import { Node } from "../../api/core/v1/node.ts";
import type { ObjectReference } from "../../api/generated/types/core-v1.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import { runTasks } from "../../base/task-group.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../client/events/recorder.ts";
import { Informer } from "../../client/informer.ts";
import { compareResourceVersions } from "../../client/resource-version.ts";
import type { Image, ImageService } from "../../cri/mod.ts";
import { type Machine, readMachine } from "./machine.ts";
import { runNodeLease } from "./node-lease.ts";
import {
  defaultLabels,
  hasStatusChanged,
  type NodeFacts,
  type NodeIdentity,
  nodeStatusOf,
  nodeToRegister,
  statusPatch,
} from "./node-object.ts";
import {
  defaultThresholds,
  PressureTracker,
  pressureOf,
  readSignals,
  type Signals,
  type Thresholds,
} from "./pressure.ts";
import type { RuntimeReadiness } from "./runtime-readiness.ts";

export interface NodeStatusOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly identity: NodeIdentity;
  /** The kubelet's own folder; on its filesystem pods keep what they write. */
  readonly rootDir: string;
  /** Where the runtime keeps images. Default: as `rootDir`. */
  readonly imageDir?: string;
  /** Not run here: it may be needed earlier. */
  readonly readiness: RuntimeReadiness;
  readonly images: Pick<ImageService, "listImages">;
  readonly thresholds?: Thresholds;
  /** What else keeps the node from being ready, in words; empty: nothing. */
  readonly otherErrors?: () => readonly string[];
  /** Called with what pods' addresses come from, when it is known and when it changes. */
  readonly onPodCIDRs?: (podCIDRs: readonly string[]) => void;
  /** Default: this machine. */
  readonly machine?: () => Promise<Machine>;
  readonly signals?: () => Promise<Signals>;
}

/** Whether there is news is looked at this often; without news the status is written this often (pkg/kubelet/apis/config). */
const checkEveryMs = 10_000;
const reportEveryMs = 300_000;
const imagesEveryMs = 30_000;
const maxRegisterPauseMs = 7000;

/**
 * Keeps the Node object true: registers it, writes its status when something has changed and every five minutes, and renews
 * its lease.
 */
export class NodeStatusReporter {
  readonly #options: NodeStatusOptions;
  readonly #pressure = new PressureTracker();
  readonly #informer: Informer<Node>;
  #machine: Machine | undefined;
  #node: Node | undefined;
  #images: readonly Image[] = [];
  #imagesAtMs = Number.NEGATIVE_INFINITY;
  #reportAtMs = 0;
  #podCIDRs = "";
  #isDue = false;
  #wake: (() => void) | undefined;

  constructor(options: NodeStatusOptions) {
    this.#options = options;
    this.#informer = new Informer<Node>({
      client: options.client.resource(Node),
      clock: options.clock,
      random: options.random,
      logger: options.logger,
      fieldSelector: `metadata.name=${options.identity.name}`,
    });
  }

  /** As last seen; undefined before it is registered. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** What pods of this node may have; empty before the machine has been read. */
  get allocatable(): Readonly<Record<string, string>> {
    return this.#node?.status.allocatable ?? {};
  }

  /** Something has changed that the status says: looks at once. */
  recheck(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  /** An image has come or gone. */
  imagesChanged(): void {
    this.#imagesAtMs = Number.NEGATIVE_INFINITY;
    this.recheck();
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { readiness, identity } = this.#options;
    using _ = readiness.onChange(() => this.recheck());
    const see = (node: Node): void => {
      const before = this.#node?.metadata.resourceVersion;
      this.#see(node);
      // Somebody else's write: what it says of this node may be wrong. (One's own is known before the watch brings it.)
      if (this.#node?.metadata.resourceVersion !== before) this.recheck();
    };
    this.#informer.addHandler({ add: see, update: see });
    await this.#register(signal);
    if (signal.aborted) return;
    const lease = { ...this.#options, nodeName: identity.name, nodeUid: () => this.#node?.metadata.uid };
    await runTasks(signal, [
      (inner) => this.#informer.run(inner),
      (inner) => this.#report(inner),
      (inner) => runNodeLease(lease, inner),
    ]);
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { clock, logger, client, identity } = this.#options;
    for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(pauseMs * 2, maxRegisterPauseMs)) {
      try {
        const facts = await this.#gather(signal);
        const node = nodeToRegister(identity, facts);
        try {
          this.#see(await client.resource(Node).create(node, { signal }));
          this.#reportAtMs = clock.monotonicMs();
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
          await this.#reconcile(facts, signal);
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        logger.warn("Registering the node failed", { node: identity.name, error, pauseMs });
        await clock.sleep(pauseMs, signal).catch(() => {}); // It rejects only on abort, which the loop looks at.
      }
    }
  }

  /** The node was here before: its labels are set right; the rest is its status. */
  async #reconcile({ machine }: NodeFacts, signal: AbortSignal): Promise<void> {
    const { client, identity, logger } = this.#options;
    const nodes = client.resource(Node);
    const existing = await nodes.get(identity.name, { signal });
    const labels = defaultLabels(identity, machine);
    const wrong = Object.entries(labels).filter(([name, value]) => existing.metadata.labels?.[name] !== value);
    if (wrong.length > 0) {
      const body = { metadata: { labels: Object.fromEntries(wrong) } };
      this.#see(await nodes.patch(identity.name, { type: "strategic", body }, { signal }));
    } else this.#see(existing);
    const { bootID } = existing.status.nodeInfo ?? {};
    if (bootID && bootID !== machine.bootID)
      this.#event("Warning", "Rebooted", `Node ${identity.name} has been rebooted, boot id: ${machine.bootID}`);
    logger.info("Node was registered before", { node: identity.name });
    this.#isDue = true;
    this.#reportAtMs = Number.NEGATIVE_INFINITY;
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    while (!signal.aborted) {
      if (!this.#isDue) await this.#pause(checkEveryMs, signal);
      if (signal.aborted) return;
      this.#isDue = false;
      try {
        await this.#sync(signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn("Writing the node's status failed", { error });
        await this.#pause(1000, signal);
        this.#isDue = true;
      }
    }
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const { client, clock, random, identity } = this.#options;
    const facts = await this.#gather(signal);
    const before = this.#node?.status;
    const { status, events } = nodeStatusOf(before, identity, facts);
    const isChanged = hasStatusChanged(before, status);
    if (!isChanged && clock.monotonicMs() < this.#reportAtMs + reportEveryMs) return;
    const patch = { type: "strategic", body: statusPatch(before, status) } as const;
    this.#see(await client.resource(Node).patch(identity.name, patch, { subresource: "status", signal }));
    // Nodes that change at one moment are not to report at one moment ever after.
    const spreadMs = isChanged ? reportEveryMs * (random.next() - 0.5) : 0;
    this.#reportAtMs = clock.monotonicMs() + spreadMs;
    for (const event of events) this.#event("Normal", event, `Node ${identity.name} status is now: ${event}`);
  }

  async #gather(signal: AbortSignal): Promise<NodeFacts> {
    const { clock, readiness, rootDir, imageDir = rootDir, thresholds = defaultThresholds } = this.#options;
    const [machine, signals] = await Promise.all([
      this.#machine ?? (this.#options.machine ?? (() => readMachine(rootDir)))(),
      (this.#options.signals ?? (() => readSignals(rootDir, imageDir)))(),
      this.#readImages(signal),
    ]);
    this.#machine = machine;
    return {
      machine,
      thresholds,
      pressure: this.#pressure.observe(pressureOf(signals, thresholds), clock.monotonicMs()),
      notReady: [...readiness.errors(), ...(this.#options.otherErrors?.() ?? [])],
      now: formatTime(clock.now()),
      runtimeVersion: readiness.version,
      handlers: readiness.handlers,
      features: readiness.features,
      images: this.#images,
    };
  }

  async #readImages(signal: AbortSignal): Promise<void> {
    const { clock, images, logger, readiness } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#imagesAtMs < imagesEveryMs || readiness.version.endsWith("://Unknown")) return;
    try {
      this.#images = (await images.listImages({}, signal)).images;
      this.#imagesAtMs = nowMs;
    } catch (error) {
      if (!signal.aborted) logger.debug("Images cannot be listed", { error });
    }
  }

  /** The newest state of the node counts, whoever brings it. */
  #see(node: Node): void {
    if (this.#node !== undefined && this.#node.metadata.uid !== node.metadata.uid) this.#node = undefined;
    const known = this.#node?.metadata.resourceVersion ?? "";
    if (compareResourceVersions(node.metadata.resourceVersion ?? "", known) < 0) return;
    this.#node = node;
    const { podCIDRs = [] } = node.spec;
    if (podCIDRs.length > 0 && podCIDRs.join() !== this.#podCIDRs) {
      this.#podCIDRs = podCIDRs.join();
      this.#options.onPodCIDRs?.(podCIDRs);
    }
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    const { name } = this.#options.identity;
    // Upstream names the node as its own uid here, and kubectl describe looks for that.
    const reference: ObjectReference = { kind: "Node", name, uid: name };
    this.#options.recorder.event(reference, { type, reason, message });
  }

  /** Ends early when there is something to look at. */
  #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.clear();
        signal.removeEventListener("abort", end);
        this.#wake = undefined;
        resolve();
      };
      const timer = this.#options.clock.setTimer(ms, end);
      signal.addEventListener("abort", end, { once: true });
      this.#wake = end;
    });
  }
}
