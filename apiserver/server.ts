import { CustomResourceDefinition } from "../api/apiextensions/v1/customresourcedefinition.ts";
import { CertificateSigningRequest } from "../api/certificates/v1/certificate-signing-request.ts";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import type { UserInfo } from "../apimachinery/resource/object.ts";
import type { Transport } from "../apimachinery/resource/transport.ts";
import { MetricsRegistry } from "../base/metrics.ts";
import { type Access, accessOf } from "./access.ts";
import { defaultAdmission } from "./admission/default-chain.ts";
import { Aggregator } from "./aggregation/aggregator.ts";
import { builtInPriority } from "./aggregation/priorities.ts";
import type { AuthorizationMode } from "./authorization/reloadable.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { removeExpiredLeases } from "./bootstrap/expired-leases.ts";
import { IdentityLease } from "./bootstrap/identity-lease.ts";
import { KeptService } from "./bootstrap/kept-service.ts";
import { kubernetesService } from "./bootstrap/kubernetes-service.ts";
import { LegacyTokenTracking } from "./bootstrap/legacy-token-tracking.ts";
import { ServerAddresses } from "./bootstrap/server-addresses.ts";
import { WatchCache } from "./cache/watch-cache.ts";
import type { Handler } from "./chain.ts";
import { compactRegularly } from "./compaction.ts";
import { componentStatusHandler, storeCheck } from "./component-status/component-status.ts";
import { conversionOf } from "./custom-resources/conversion-webhook.ts";
import { CustomResources } from "./custom-resources/custom-resources.ts";
import { impersonate } from "./filters/impersonate.ts";
import { dumpHandlers } from "./flow-control/dumps.ts";
import type { FlowControl } from "./flow-control/flow-control.ts";
import { handlerChain } from "./handler-chain.ts";
import { allPaths } from "./handlers/all-paths.ts";
import { allReviews } from "./handlers/all-reviews.ts";
import { allSubresources } from "./handlers/all-subresources.ts";
import type { HealthCheck } from "./handlers/paths.ts";
import { resourceHandler } from "./handlers/resource.ts";
import { defaultMaxBodyBytes, type Scope } from "./handlers/scope.ts";
import { answeringUnknown, routedRoots } from "./handlers/unknown-paths.ts";
import { healthChecks } from "./health-checks.ts";
import { HttpServer, type ServingCertificates } from "./http/server.ts";
import { inProcessTransport } from "./in-process.ts";
import { countCertificateDurations } from "./metrics/certificate-durations.ts";
import { countDeclarations } from "./metrics/declared.ts";
import { measuredStorage } from "./metrics/measured-storage.ts";
import { measureStoreSize } from "./metrics/store-size.ts";
import { measureStoredObjects } from "./metrics/stored-objects.ts";
import { type Backend, noBackend } from "./nodes/backend.ts";
import { httpBackend } from "./nodes/http-backend.ts";
import { Registry } from "./registry/registry.ts";
import { defaultRequestLimits, flowControlOf, limitRequests } from "./request-limits.ts";
import type { ApiServerOptions } from "./server-options.ts";
import { defaultNodePortRange, ServiceNetwork } from "./services/service-network.ts";
import { storeProbe } from "./store-probe.ts";
import { WebhookClients } from "./webhook-client/webhook-clients.ts";

export type { ApiServerOptions } from "./server-options.ts";

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
  readonly #webhooks: WebhookClients;
  readonly #flowControl: FlowControl | undefined;
  readonly #aggregator: Aggregator;
  readonly #customResources: CustomResources;
  readonly #services: ServiceNetwork;
  readonly #kubernetes: KeptService;
  readonly #tokenTracking: LegacyTokenTracking;
  readonly #identityLease: IdentityLease | undefined;
  readonly #addresses: ServerAddresses | undefined;
  #stopCompaction: () => void = () => {};
  #stopLeaseRemoval: () => void = () => {};
  #ready = false;
  #failure: Error | undefined;
  readonly #failed = Promise.withResolvers<never>();

  constructor(options: ApiServerOptions) {
    const { clock, random, logger, definitions } = options;
    this.#options = options;
    this.metrics = options.metrics ?? new MetricsRegistry();
    const storage = measuredStorage(options.storage, definitions, { metrics: this.metrics, clock });
    this.#cache = new WatchCache(storage, clock, logger);
    // Reviews cannot be read, the states of components not written: neither is stored.
    const stored = definitions.filter(({ verbs }) => verbs.includes("get") && verbs.includes("create"));
    this.registry = new Registry(stored, { storage, cache: this.#cache, clock, random });
    measureStoredObjects(this.metrics, () => this.registry.stores);
    countDeclarations(this.metrics);
    measureStoreSize(this.metrics, storage);
    if (definitions.includes(CertificateSigningRequest)) countCertificateDurations(this.registry, this.metrics);
    this.#services = new ServiceNetwork({
      registry: this.registry,
      cache: this.#cache,
      storage,
      clock,
      random,
      logger,
      metrics: this.metrics,
      cidrs: options.serviceCidrs,
      nodePortRange: options.serviceNodePorts ?? defaultNodePortRange,
      instance: options.externalAddress,
    });
    const service = kubernetesService(options.service);
    this.#kubernetes = new KeptService({ registry: this.registry, clock, logger, service });
    this.#tokenTracking = new LegacyTokenTracking({ store: this.registry, clock, logger });
    if (options.sharedStore === true) {
      const { registry } = this;
      this.#addresses = new ServerAddresses({ registry, storage, clock, logger, service: options.service });
    }
    const { identity } = options;
    this.#identityLease = identity && new IdentityLease({ store: this.registry, identity, clock, random, logger });
    this.#webhooks = new WebhookClients({ reader: this.registry, clock, random, anonymous: options.webhooks });
    const access = accessOf(options.access, this.registry, { clock, random, logger, metrics: this.metrics });
    this.#access = access;
    const admission = defaultAdmission({
      reader: this.registry,
      clock,
      random,
      authorizer: access.authorizer,
      rules: access.rules,
      metrics: this.metrics,
      served: () => this.registry.stores.map(({ definition }) => definition),
      webhooksAs: (kubeconfig) => this.#webhooks.as(kubeconfig),
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
      metrics: this.metrics,
      conversionOf: (crd) => conversionOf(crd, { client: this.#webhooks.anonymous, random }),
    });
    const subresources = allSubresources(access.tokenIssuer, this.#backend);
    const virtual = allReviews(scope, access);
    const components = [...(options.components ?? []), storeCheck(storage)];
    const computed = new Map([["v1/componentstatuses.", componentStatusHandler(components, clock)]]);
    const limits = options.requestLimits ?? defaultRequestLimits;
    const limited = { registry: this.registry, clock, random, logger, metrics: this.metrics };
    this.#flowControl = flowControlOf(limits, limited);
    // Whoever does not ask hears of it by /readyz.
    this.#failed.promise.catch(() => {});
    this.#aggregator = this.#aggregatorOf(options);
    const documents = access.openIdDocuments.map(({ path }) => path);
    const routed = routedRoots(
      definitions.map(({ group }) => group),
      documents,
    );
    const served = (local: Handler): Handler => answeringUnknown(routed, this.#aggregator.handler(local));
    this.#handler = handlerChain({
      clock,
      random,
      logger,
      metrics: this.metrics,
      authenticator: access.authenticator,
      audit: options.audit,
      impersonate: impersonate(access.authorizer),
      flowControl: limitRequests(limits, this.#flowControl, limited),
      authorizer: access.authorizer,
      resources: served(resourceHandler(scope, subresources, virtual, computed)),
      paths: served(
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
    const { clock, logger, storage, service, definitions, compactionIntervalMs } = this.#options;
    await this.#cache.start((error) => {
      this.#failure = error;
      this.#failed.reject(error);
      logger.error("the watch of the store ended", { error });
    });
    // Where custom resources are not served, there are none.
    if (definitions.includes(CustomResourceDefinition)) {
      this.#customResources.start();
    }
    const made = {
      ...{ services: this.#services, kubernetes: this.#kubernetes, service },
      addresses: this.#addresses,
    };
    await Promise.all([bootstrap({ registry: this.registry, ...made, logger }), this.#flowControl?.start()]);
    await this.#aggregator.start();
    if (definitions.includes(ConfigMap)) this.#tokenTracking.start();
    this.#identityLease?.start();
    if (this.#identityLease !== undefined)
      this.#stopLeaseRemoval = removeExpiredLeases({ store: this.registry, clock, logger });
    this.#ready = true;
    const revision = (): number => this.#cache.revision;
    this.#stopCompaction = compactRegularly({ storage, clock, logger, intervalMs: compactionIntervalMs, revision });
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
    this.#stopCompaction();
    this.#stopLeaseRemoval();
    this.#flowControl?.stop();
    this.#services.stop();
    this.#kubernetes.stop();
    this.#tokenTracking.stop();
    this.#aggregator.stop();
    await Promise.all([
      this.#identityLease?.stop(),
      this.#addresses?.stop(),
      ...this.#servers.map((server) => server.close(graceMs)),
    ]);
    this.#backend?.close();
    this.#webhooks.close();
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
