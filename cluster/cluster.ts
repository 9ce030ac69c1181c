import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { builtInResources } from "../api/mod.ts";
import { parseCIDR } from "../apimachinery/net/ip.ts";
import type { UserInfo } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import type { Transport } from "../apimachinery/resource/transport.ts";
import { legacyTokenSigner } from "../apiserver/authentication/legacy-token-signer.ts";
import { componentWithin } from "../apiserver/component-status/component-status.ts";
import { ApiServer } from "../apiserver/server.ts";
import { nthAddress } from "../apiserver/services/ip-number.ts";
import { versionInfo } from "../apiserver/version.ts";
import {
  type Clock,
  type Logger,
  type Random,
  realClock,
  realRandom,
  SeededRandom,
  silentLogger,
  VirtualClock,
} from "../base/mod.ts";
import { type Client, createClient } from "../client/mod.ts";
import { runAllControllers } from "../controllers/mod.ts";
import { runScheduler } from "../scheduler/mod.ts";
import { memoryStorage } from "../storage/memory/memory.ts";
import type { Storage } from "../storage/storage.ts";

export interface ClusterOptions {
  /** `virtual`: time stands still until the test moves it, and everything repeats from the seed. Default `real`. */
  readonly time?: "real" | "virtual";
  /** Of the cluster's chance under virtual time. Default 1. */
  readonly seed?: number;
  /** Default: a store in memory, gone with the cluster. */
  readonly storage?: Storage;
  readonly logger?: Logger;
  /** What is served; default: all built-in resources. */
  readonly definitions?: readonly ResourceDefinition[];
  /** Range of service addresses, or two, comma between them. Default 10.96.0.0/16. */
  readonly serviceCidr?: string;
  /**
   * Runs the controllers too: all, or those that are named (as `--controllers` of kube-controller-manager does: `*`,
   * `deployment-controller`, `-deployment-controller`). Default none: what is written stays as it is.
   */
  readonly controllers?: boolean | readonly string[];
  /** Ranges of pod addresses, of which the controllers give each node a part. Default 10.244.0.0/16. */
  readonly clusterCidr?: readonly string[];
  /** Runs the scheduler too. Default false: pods stay without a node until one is set. */
  readonly scheduler?: boolean;
  /** PEM that the controllers publish in every namespace as the API server's authority. Default none: there are no sockets here. */
  readonly rootCa?: string;
}

/** A whole control plane inside this process: no sockets, no files, no other processes. */
export interface Cluster {
  readonly server: ApiServer;
  /** A client that may do everything. */
  readonly client: Client;
  readonly clock: Clock;
  /** Set under virtual time. */
  readonly virtualClock: VirtualClock | undefined;
  readonly random: Random;
  /** A way in as somebody else: what they may is decided as for any request. */
  transport(user: UserInfo): Transport;
  clientAs(user: UserInfo): Client;
  /** Stops everything that was started; the store too, unless it was given. */
  close(): Promise<void>;
}

const admin: UserInfo = { username: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

const schedulerUser: UserInfo = { username: "system:kube-scheduler", groups: ["system:authenticated"] };

/** Starts a cluster; resolves once it answers requests. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const virtualClock = options.time === "virtual" ? new VirtualClock() : undefined;
  const clock: Clock = virtualClock ?? realClock;
  const random: Random = virtualClock === undefined ? realRandom : new SeededRandom(options.seed ?? 1);
  const storage = options.storage ?? memoryStorage({ clock });
  const serviceCidrs = (options.serviceCidr ?? "10.96.0.0/16").split(",");
  const server = new ApiServer({
    storage,
    clock,
    random,
    logger: options.logger ?? silentLogger,
    definitions: options.definitions ?? builtInResources,
    access: {
      clientCa: "",
      serviceAccounts: { issuer: "https://kubernetes.default.svc.cluster.local", signingKey: signingKey() },
      anonymous: true,
      authorizationModes: ["Node", "RBAC"],
      externalAddress: "kubernetes.default.svc",
    },
    serviceCidrs,
    service: { clusterIP: nthAddress(parseCIDR(serviceCidrs[0]!)!, 1n), endpoint: undefined },
    components: [
      componentWithin("controller-manager", options.controllers !== undefined && options.controllers !== false),
      componentWithin("scheduler", options.scheduler === true),
    ],
    externalAddress: "kubernetes.default.svc",
    version: versionInfo({ version: "0.1.0", commit: "unknown", date: "1970-01-01T00:00:00Z" }),
  });
  await server.start();
  const transport = (user: UserInfo): Transport => server.transport(user);
  const clientAs = (user: UserInfo): Client => createClient(transport(user));
  const stop = new AbortController();
  const logger = options.logger ?? silentLogger;
  const running = options.controllers
    ? runAllControllers(
        {
          clientAs: (user) => createClient(server.transport(user, "kube-controller-manager")),
          clock,
          random,
          logger,
          rootCa: options.rootCa ?? "",
          signToken: legacyTokenSigner(signingKey()),
          clusterCidr: options.clusterCidr ?? ["10.244.0.0/16"],
          serviceCidrs,
          ...(typeof options.controllers === "boolean" ? {} : { controllers: options.controllers }),
        },
        stop.signal,
      )
    : Promise.resolve();
  const scheduling = options.scheduler
    ? runScheduler(
        { client: createClient(server.transport(schedulerUser, "kube-scheduler")), clock, random, logger },
        stop.signal,
      )
    : Promise.resolve();
  scheduling.catch((error: unknown) => logger.error("the scheduler ended", { error }));
  // A controller that fails is a bug: `close` tells of it; until then the rejection has a reader.
  running.catch((error: unknown) => logger.error("the controllers ended", { error }));
  return {
    server,
    client: createClient(transport(admin)),
    clock,
    virtualClock,
    random,
    transport,
    clientAs,
    async close() {
      stop.abort();
      await Promise.all([running, scheduling]).finally(() => server.close());
      if (options.storage === undefined) {
        await storage.close();
      }
    },
  };
}

let key: KeyObject | undefined;

/** One key a process is enough: making it is most of a start. */
function signingKey(): KeyObject {
  key ??= generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return key;
}
