import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Storage } from "../storage/storage.ts";
import type { AccessOptions } from "./access.ts";
import type { AdmissionSettings } from "./admission/selection.ts";
import type { ProxyClient } from "./aggregation/extension-server.ts";
import type { ServerIdentity } from "./bootstrap/identity-lease.ts";
import type { KubernetesService } from "./bootstrap/kubernetes-service.ts";
import type { ComponentCheck } from "./component-status/component-status.ts";
import type { AuditFilters } from "./filters/audit.ts";
import type { HealthCheck } from "./handlers/paths.ts";
import type { Backend } from "./nodes/backend.ts";
import type { KubeletCredentials } from "./nodes/http-backend.ts";
import type { RequestLimits } from "./request-limits.ts";
import type { PortRange } from "./services/port-set.ts";
import type { WebhookClient } from "./webhook-client/webhook-client.ts";

/** What an API server is made of, and what it is to do. */
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
  /** Who it is among the servers of the cluster, for the Lease that says that it is there; absent: it has none. */
  readonly identity?: ServerIdentity;
  readonly version: { readonly gitVersion: string; readonly goVersion?: string };
  /** What it was started with, by names of flags, for `/flagz`; default: nothing. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly service: KubernetesService;
  /** Others may serve the same store, as the endpoints of the service `kubernetes` then tell. Default false. */
  readonly sharedStore?: boolean;
  /** Where the sentences of `kubectl explain` lie; absent: OpenAPI has none. */
  readonly descriptionsFile?: string;
  readonly audit?: AuditFilters;
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
