import { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { Service } from "../../api/core/v1/service.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import { ownContext, type Registry } from "../registry/registry.ts";
import { availableCondition, groupVersionOf, serviceOf } from "./api-services.ts";
import { changedCondition, failedDiscovery, judgeService, localVerdict, passed, type Verdict } from "./availability.ts";
import { type ExtensionParts, fetchFrom, targetOf } from "./extension-server.ts";
import { slicesOf } from "./resolve.ts";

const timeoutMs = 5_000;
/** One that answers is enough: a service may have endpoints that do not. */
const attempts = 5;

export interface CheckParts extends ExtensionParts {
  readonly registry: Registry;
  readonly metrics: MetricsRegistry;
}

/** Finds out whether a group version is answered for, and says so in its condition `Available`. */
export class AvailabilityChecks {
  readonly #parts: CheckParts;

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  /** True where the APIService is available. */
  async check(apiService: APIService): Promise<boolean> {
    const verdict = await this.#judge(apiService);
    await this.#tell(apiService, verdict);
    return verdict.status === "True";
  }

  forget(name: string): void {
    this.#gauge().remove(name);
  }

  async #judge(apiService: APIService): Promise<Verdict> {
    const { registry } = this.#parts;
    const target = serviceOf(apiService);
    if (target === undefined) return localVerdict();
    const service = registry.get(Service, target.namespace, target.name);
    const slices = slicesOf(registry, target.namespace, target.name);
    const wrong = judgeService(apiService, { service, slices });
    if (wrong !== undefined) return wrong;
    const first = await this.#ask(apiService);
    if (first === undefined) return passed;
    const others = await Promise.all(Array.from({ length: attempts - 1 }, () => this.#ask(apiService)));
    return others.includes(undefined) ? passed : failedDiscovery(others.at(-1)!);
  }

  /** What is wrong with the answer; undefined where it is as it should be. */
  async #ask(apiService: APIService): Promise<string | undefined> {
    const { group, version } = groupVersionOf(apiService);
    const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    let url: string;
    let target: ReturnType<typeof targetOf>;
    try {
      target = targetOf(this.#parts, apiService);
      const host = target.host.includes(":") ? `[${target.host}]` : target.host;
      url = `https://${host}:${target.port}${path}`;
    } catch (error) {
      return (error as Error).message;
    }
    const failing = `failing or missing response from ${url}`;
    try {
      const { status } = await fetchFrom(this.#parts, target, path, { timeoutMs });
      return status >= 200 && status < 300 ? undefined : `${failing}: bad status from ${url}: ${status}`;
    } catch (error) {
      return `${failing}: Get ${JSON.stringify(url)}: ${(error as Error).message}`;
    }
  }

  #gauge() {
    return this.#parts.metrics.gauge({
      name: "aggregator_unavailable_apiservice",
      help: "Gauge of APIServices which are marked as unavailable broken down by APIService name.",
      labels: ["name"],
    });
  }

  async #tell(apiService: APIService, verdict: Verdict): Promise<void> {
    const { registry, clock, metrics } = this.#parts;
    const name = apiService.metadata.name ?? "";
    this.#gauge()
      .labels(name)
      .set(verdict.status === "True" ? 0 : 1);
    const condition = changedCondition(apiService, verdict, clock.now());
    if (condition === undefined) return;
    const change = (current: unknown): Draft<ApiObject> => {
      const draft = thaw(current as object) as unknown as Draft<APIService>;
      const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== "Available");
      draft.status = { conditions: [...others, { ...condition }] };
      return draft as unknown as Draft<ApiObject>;
    };
    try {
      await registry.of(APIService).update("", name, change, { ...ownContext(), subresource: "status" });
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return;
      throw error;
    }
    if (verdict.status !== "True" && availableCondition(apiService)?.status !== verdict.status) {
      metrics
        .counter({
          name: "aggregator_unavailable_apiservice_total",
          help: "Counter of APIServices which are marked as unavailable broken down by APIService name and reason.",
          labels: ["name", "reason"],
        })
        .labels(name, verdict.reason)
        .inc();
    }
  }
}
