import { CustomResourceDefinition } from "../api/apiextensions/v1/customresourcedefinition.ts";
import type { UserInfo } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import type { Transport } from "../apimachinery/resource/transport.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Storage } from "../storage/storage.ts";
import { type Access, type AccessOptions, accessOf } from "./access.ts";
import { defaultAdmission } from "./admission/default-chain.ts";
import type { AdmissionSettings } from "./admission/selection.ts";
import { Aggregator } from "./aggregation/aggregator.ts";
import type { ProxyClient } from "./aggregation/extension-server.ts";
import { builtInPriority } from "./aggregation/priorities.ts";
import type { AuthorizationMode } from "./authorization/reloadable.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { KeptService } from "./bootstrap/kept-service.ts";
import { type KubernetesService, kubernetesService } from "./bootstrap/kubernetes-service.ts";
import { WatchCache } from "./cache/watch-cache.ts";
import type { Filter, Handler } from "./chain.ts";
import { type ComponentCheck, componentStatusHandler, storeCheck } from "./component-status/component-status.ts";
import { conversionOf } from "./custom-resources/conversion-webhook.ts";
import { CustomResources } from "./custom-resources/custom-resources.ts";
import { impersonate } from "./filters/impersonate.ts";
import { dumpHandlers } from "./flow-control/dumps.ts";
import { priorityAndFairness } from "./flow-control/filter.ts";
import { FlowControl } from "./flow-control/flow-control.ts";
import { maxInFlight } from "./flow-control/max-in-flight.ts";
import type { StoredStats } from "./flow-control/work-estimator.ts";
import { handlerChain } from "./handler-chain.ts";
import { allPaths } from "./handlers/all-paths.ts";
import { allReviews } from "./handlers/all-reviews.ts";
import { allSubresources } from "./handlers/all-subresources.ts";
import type { HealthCheck } from "./handlers/paths.ts";
import { resourceHandler } from "./handlers/resource.ts";
import { defaultMaxBodyBytes, type Scope } from "./handlers/scope.ts";
import { healthChecks } from "./health-checks.ts";
import { HttpServer, type ServingCertificates } from "./http/server.ts";
import { inProcessTransport } from "./in-process.ts";
import { measuredStorage } from "./metrics/measured-storage.ts";
import { measureStoredObjects } from "./metrics/stored-objects.ts";
import { type Backend, noBackend } from "./nodes/backend.ts";
import { httpBackend, type KubeletCredentials } from "./nodes/http-backend.ts";
import { Registry } from "./registry/registry.ts";
import type { RequestInfo } from "./request.ts";
import type { PortRange } from "./services/port-set.ts";
import { defaultNodePortRange, ServiceNetwork } from "./services/service-network.ts";
import { storeProbe } from "./store-probe.ts";
import type { WebhookKubeconfig } from "./webhook-client/credentials.ts";
import { networkWebhookClient } from "./webhook-client/network-client.ts";
import { endpointResolver } from "./webhook-client/service-resolver.ts";
import type { WebhookClient } from "./webhook-client/webhook-client.ts";

export interface ApiServerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry;
  /** What is served and stored. */
  readonly definitions: readonly ResourceDefinition[];
  readonly access: AccessOptions;
  /** CIDRs that service addresses come from, the first family first. */
  readonly serviceCidrs: readonly string[];
  /** Ports of nodes that services get; default 30000 to 32767. */
  readonly serviceNodePorts?: PortRange;
  /** Host and port that clients are told. */
  readonly externalAddress: string;
  readonly version: { readonly gitVersion: string; readonly goVersion?: string };
  /** What it was started with, by names of flags, for `/flagz`; default: nothing. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly service: KubernetesService;
  /** Where the sentences of `kubectl explain` lie; absent: OpenAPI has none. */
  readonly descriptionsFile?: string;
  readonly audit?: Filter;
  /** Admission plugins beyond, or not, those that are on anyway; of names that `selectionErrors` accepts. */
  readonly admission?: AdmissionSettings;
  readonly requestLimits?: RequestLimits;
  /** Who this server is to extension servers; without it, and without a way to them, group versions of services are unavailable. */
  readonly proxyClient?: ProxyClient;
  /** Requests to extension servers go to endpoints (default) or to addresses of services (--enable-aggregator-routing). */
  readonly aggregatorRouting?: "endpoints" | "services";
  /** Parts of its health that others keep: a key management plugin, say. */
  readonly checks?: readonly HealthCheck[];
  /** How long the store may take to answer before the server is not well, or not ready. Default 2 s. */
  readonly probeTimeouts?: { readonly healthMs?: number; readonly readinessMs?: number };
  /** What `kubectl get componentstatuses` shows beside the store: controllers and scheduler, wherever they run. */
  readonly components?: readonly ComponentCheck[];
  /** Who this server is to kubelets. Without it, and without `backend`, logs, exec and proxies are ServiceUnavailable. */
  readonly kubelet?: KubeletCredentials;
  /** The way to nodes and pods; default: the network, as `kubelet` says. */
  readonly backend?: Backend;
  /** The way to webhooks; default: the network, services by their endpoints. */
  readonly webhooks?: WebhookClient;
  /** How long history is kept for watches and lists of the past; 0 keeps all. */
  readonly compactionIntervalMs?: number;
}

/** Upstream's flags of the same names; their sum is what priority and fairness shares out. */
export interface RequestLimits {
  readonly maxRequestsInFlight: number;
  readonly maxMutatingRequestsInFlight: number;
  readonly priorityAndFairness: boolean;
}

export const defaultRequestLimits: RequestLimits = {
  maxRequestsInFlight: 400,
  maxMutatingRequestsInFlight: 200,
  priorityAndFairness: true,
};

const defaultCompactionMs = 5 * 60_000;
const admin: UserInfo = { username: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

/** The API server: the one entry to a cluster's state. Needs nothing but a store; sockets only where `listen` is called. */
export class ApiServer {
  readonly registry: Registry;
  readonly metrics: MetricsRegistry;
  readonly #options: ApiServerOptions;
  readonly #cache: WatchCache;
  readonly #handler: Handler;
  readonly #access: Access;
  readonly #servers: HttpServer[] = [];
  readonly #backend: Backend | undefined;
  readonly #webhooks: WebhookClient;
  readonly #webhooksAsUsers: WebhookClient[] = [];
  readonly #flowControl: FlowControl | undefined;
  readonly #aggregator: Aggregator;
  readonly #customResources: CustomResources;
  readonly #services: ServiceNetwork;
  readonly #kubernetes: KeptService;
  #compaction: Timer | undefined;
  #ready = false;
  #failure: Error | undefined;
  readonly #failed = Promise.withResolvers<never>();

  constructor(options: ApiServerOptions) {
    const { clock, random, logger, definitions } = options;
    this.#options = options;
    this.metrics = options.metrics ?? new MetricsRegistry();
    const storage = measuredStorage(options.storage, definitions, { metrics: this.metrics, clock });
    this.#cache = new WatchCache(storage, clock);
    // Reviews cannot be read, the states of components not written: neither is stored.
    const stored = definitions.filter(({ verbs }) => verbs.includes("get") && verbs.includes("create"));
    this.registry = new Registry(stored, { storage, cache: this.#cache, clock, random });
    measureStoredObjects(this.metrics, () => this.registry.stores);
    this.#services = new ServiceNetwork({
      registry: this.registry,
      cache: this.#cache,
      storage,
      clock,
      random,
      logger,
      cidrs: options.serviceCidrs,
      nodePortRange: options.serviceNodePorts ?? defaultNodePortRange,
      instance: options.externalAddress,
    });
    const service = kubernetesService(options.service);
    this.#kubernetes = new KeptService({ registry: this.registry, clock, logger, service });
    this.#webhooks =
      options.webhooks ?? networkWebhookClient({ clock, services: endpointResolver(this.registry, random) });
    const webhooksAs = (kubeconfig: WebhookKubeconfig | undefined): WebhookClient => {
      if (kubeconfig === undefined) return this.#webhooks;
      const client = networkWebhookClient({ clock, services: endpointResolver(this.registry, random), kubeconfig });
      this.#webhooksAsUsers.push(client);
      return client;
    };
    const access = accessOf(options.access, this.registry, { clock, random, logger });
    this.#access = access;
    const admission = defaultAdmission({
      reader: this.registry,
      clock,
      random,
      authorizer: access.authorizer,
      rules: access.rules,
      metrics: this.metrics,
      served: () => this.registry.stores.map(({ definition }) => definition),
      webhooksAs,
      updateStatus: (definition, object) => this.registry.updateStatus(definition, object),
      writer: this.registry,
      selection: options.admission,
      configurations: options.admission?.configurations,
      kubeconfigs: options.admission?.kubeconfigs,
    });
    const scope: Scope = {
      registry: this.registry,
      storage,
      cache: this.#cache,
      clock,
      random,
      admission,
      authorizer: access.authorizer,
      maxBodyBytes: defaultMaxBodyBytes,
    };
    this.#backend =
      options.backend ?? (options.kubelet === undefined ? undefined : httpBackend(options.kubelet, clock));
    this.#customResources = new CustomResources({
      registry: this.registry,
      clock,
      logger,
      conversionOf: (crd) => conversionOf(crd, { client: this.#webhooks, random }),
    });
    const subresources = allSubresources(access.tokenIssuer, this.#backend);
    const virtual = allReviews(scope, access);
    const components = [...(options.components ?? []), storeCheck(storage)];
    const computed = new Map([["v1/componentstatuses.", componentStatusHandler(components, clock)]]);
    const limits = options.requestLimits ?? defaultRequestLimits;
    this.#flowControl = this.#flowControlOf(limits);
    // Whoever does not ask hears of it by /readyz.
    this.#failed.promise.catch(() => {});
    this.#aggregator = this.#aggregatorOf(options);
    this.#handler = handlerChain({
      clock,
      random,
      logger,
      metrics: this.metrics,
      authenticator: access.authenticator,
      audit: options.audit,
      impersonate: impersonate(access.authorizer),
      flowControl: this.#flowFilter(limits),
      authorizer: access.authorizer,
      resources: this.#aggregator.handler(resourceHandler(scope, subresources, virtual, computed)),
      paths: this.#aggregator.handler(
        allPaths({
          definitions,
          subresources,
          externalAddress: options.externalAddress,
          clock,
          version: options.version,
          flags: options.flags ?? {},
          metrics: this.metrics,
          openIdDocuments: access.openIdDocuments,
          custom: () => this.#customResources.served,
          checks: this.#checks(),
          others: this.#flowControl === undefined ? new Map() : dumpHandlers(this.#flowControl.levels, clock),
          ...(options.descriptionsFile === undefined ? {} : { descriptionsFile: options.descriptionsFile }),
        }),
      ),
    });
  }

  /** Reads the store and makes what every cluster has. Resolves once requests are answered as they should be. */
  async start(): Promise<void> {
    const { logger, storage, service, compactionIntervalMs } = this.#options;
    await this.#cache.start((error) => {
      this.#failure = error;
      this.#failed.reject(error);
      logger.error("the watch of the store ended", { error });
    });
    // Where custom resources are not served, there are none.
    if (this.#options.definitions.includes(CustomResourceDefinition)) {
      this.#customResources.start();
    }
    const made = { services: this.#services, kubernetes: this.#kubernetes, service };
    await Promise.all([bootstrap({ registry: this.registry, ...made, logger }), this.#flowControl?.start()]);
    await this.#aggregator.start();
    this.#ready = true;
    const interval = compactionIntervalMs ?? defaultCompactionMs;
    if (interval > 0) {
      this.#scheduleCompaction(storage, interval, this.#cache.revision);
    }
  }

  /** Rejects once the server can no longer follow its store: what it shows is old from then on. Never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** A client's way in without sockets, as this user. */
  transport(user: UserInfo = admin, userAgent = "k8ts"): Transport {
    return inProcessTransport(this.#handler, user, userAgent);
  }

  /** Serves HTTPS; resolves with the port. */
  async listen(options: ListenOptions): Promise<number> {
    const { clock, logger } = this.#options;
    const server = new HttpServer({ ...options, handler: this.#handler, clock, logger });
    const port = await server.listen(options.port, options.host);
    this.#servers.push(server);
    return port;
  }

  /** Decides who may by other modes from the next request on. */
  setAuthorizationModes(modes: readonly AuthorizationMode[]): void {
    this.#access.setAuthorizationModes(modes);
  }

  /** Shows and trusts other certificates from the next connection and request on. Throws where they cannot be used: nothing changes. */
  async setCertificates({ requestHeaderCa, ...serving }: ServerCertificates): Promise<void> {
    const { clientCa } = serving;
    for (const server of this.#servers)
      server.setCertificates({ ...serving, clientCa: `${clientCa}\n${requestHeaderCa}` });
    this.#access.setAuthorities({ clientCa, requestHeaderCa });
    await this.#aggregator.setAuthorities({ clientCa, requestHeaderCa });
  }

  /** Stops taking requests, gives those under way `graceMs`, then stops following the store. The store stays open. */
  async close(graceMs = 0): Promise<void> {
    this.#ready = false;
    this.#compaction?.clear();
    this.#flowControl?.stop();
    this.#services.stop();
    this.#kubernetes.stop();
    this.#aggregator.stop();
    await Promise.all(this.#servers.map((server) => server.close(graceMs)));
    this.#backend?.close();
    for (const client of [this.#webhooks, ...this.#webhooksAsUsers]) client.close();
    this.#customResources.stop();
    this.#cache.stop();
  }

  #aggregatorOf({ access, definitions, aggregatorRouting, proxyClient }: ApiServerOptions): Aggregator {
    const { clock, random, logger } = this.#options;
    const versions = new Map(definitions.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
    return new Aggregator({
      registry: this.registry,
      reader: this.registry,
      clock,
      random,
      logger,
      metrics: this.metrics,
      backend: this.#backend ?? noBackend,
      client: proxyClient,
      toEndpoints: aggregatorRouting !== "services",
      builtIn: [...versions.values()].flatMap(({ group, version }) => {
        const priority = builtInPriority(group, version);
        return priority === undefined ? [] : [{ group, version, priority, managed: "onstart" as const }];
      }),
      authentication: {
        clientCa: access.clientCa,
        requestHeaderCa: access.requestHeaderCa,
        allowedNames: access.requestHeaderAllowedNames ?? ["front-proxy-client"],
      },
    });
  }

  #flowControlOf(limits: RequestLimits): FlowControl | undefined {
    const { clock, random, logger } = this.#options;
    const served = this.registry.find("flowcontrol.apiserver.k8s.io", "v1", "flowschemas") !== undefined;
    if (!limits.priorityAndFairness || !served) return undefined;
    const concurrencyLimit = limits.maxRequestsInFlight + limits.maxMutatingRequestsInFlight;
    return new FlowControl({ registry: this.registry, clock, random, logger, metrics: this.metrics, concurrencyLimit });
  }

  #flowFilter(limits: RequestLimits): Filter {
    const { clock } = this.#options;
    if (this.#flowControl === undefined) {
      return maxInFlight({ readOnly: limits.maxRequestsInFlight, mutating: limits.maxMutatingRequestsInFlight });
    }
    const statsOf = ({ group, version, resource }: RequestInfo): StoredStats | undefined => {
      const cache = this.registry.find(group, version, resource)?.cache;
      if (cache === undefined) return undefined;
      return { count: cache.size, averageBytes: cache.size === 0 ? 0 : Math.ceil(cache.byteLength / cache.size) };
    };
    return priorityAndFairness({ flowControl: this.#flowControl, clock, statsOf });
  }

  #checks(): readonly HealthCheck[] {
    const server = this;
    const { storage, clock, probeTimeouts = {}, checks = [] } = this.#options;
    const state = {
      storeHealth: storeProbe(storage, clock, probeTimeouts.healthMs),
      storeReadiness: storeProbe(storage, clock, probeTimeouts.readinessMs),
      get ready() {
        return server.#ready;
      },
      get failure() {
        return server.#failure;
      },
      priorityAndFairness: this.#flowControl !== undefined,
    };
    return healthChecks(state, checks);
  }

  /** Every interval, forgets what was older than the interval before. */
  #scheduleCompaction(storage: Storage, intervalMs: number, revision: number): void {
    const { clock, logger } = this.#options;
    this.#compaction = clock
      .setTimer(intervalMs, () => {
        storage.compact(revision).catch((error: unknown) => logger.warn("compaction failed", { revision, error }));
        this.#scheduleCompaction(storage, intervalMs, this.#cache.revision);
      })
      .unref();
  }
}

export interface ListenOptions extends ServingCertificates {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
}

export interface ServerCertificates extends ServingCertificates {
  /** PEM of the authorities of front proxies. */
  readonly requestHeaderCa: string;
}
