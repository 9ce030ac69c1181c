import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Client } from "../../client/client.ts";
import type { RuntimeService } from "../../cri/runtime-service.ts";
import type { NodeApi } from "./node-api.ts";

/** What the kubelet asks of the runtime for its clients. */
export type StreamingRuntime = Pick<
  RuntimeService,
  "exec" | "attach" | "portForward" | "execSync" | "containerStatus" | "listContainers"
>;

/** Resource use, from whoever measures it. */
export interface NodeStats {
  /** stats.Summary (k8s.io/kubelet/pkg/apis/stats/v1alpha1). */
  summary(options: { readonly onlyCPUAndMemory: boolean }): Promise<object>;
  /** The text of /metrics/resource. */
  resourceMetrics?(): Promise<string>;
  /** The text of /metrics/cadvisor. */
  containerMetrics?(): Promise<string>;
}

export interface HealthCheck {
  readonly name: string;
  /** What is wrong; undefined while nothing is. */
  readonly check: () => string | undefined;
}

export interface KubeletServerOptions {
  readonly host: string;
  /** 10250 upstream; 0 takes any that is free. */
  readonly port: number;
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** PEM of the authorities whose client certificates are known. */
  readonly clientCa: string;
  readonly nodeName: string;
  readonly api: NodeApi;
  readonly runtime: StreamingRuntime;
  /** Asked about tokens and permissions. */
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry;
  readonly probeMetrics?: MetricsRegistry;
  readonly stats?: NodeStats;
  /** The KubeletConfiguration, for /configz. */
  readonly configuration?: () => object;
  /** Beside `ping` and `log`: upstream has `syncloop`. */
  readonly checks?: readonly HealthCheck[];
}

export interface KubeletServer {
  readonly port: number;
  /** Takes no more requests, and ends those under way. */
  close(): Promise<void>;
}
