import { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import { formatCIDR, parseCIDR } from "../../apimachinery/net/ip.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Registry } from "../registry/registry.ts";
import type { Tell } from "./repair-events.ts";

export const defaultServiceCidrName = "kubernetes";
const controller = "kubernetes-service-cidr-controller";
/** Between two looks. */
const intervalMs = 10_000;

export interface DefaultServiceCidrDeps {
  readonly registry: Registry;
  readonly cidrs: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: Tell;
  /** Resolves when the registry shows what the store held when it was called. */
  readonly fresh: () => Promise<void>;
}

/**
 * Keeps the ServiceCIDR of the server's own ranges there, and ready from the first moment on; one that says something else
 * is left as it is, and that is told (pkg/controlplane/controller/defaultservicecidr).
 */
export class DefaultServiceCidr {
  readonly #deps: DefaultServiceCidrDeps;
  readonly #cidrs: readonly string[];
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: DefaultServiceCidrDeps) {
    this.#deps = deps;
    this.#cidrs = deps.cidrs.map((text) => {
      const cidr = parseCIDR(text);
      return cidr === undefined ? text : formatCIDR(cidr);
    });
  }

  /** Resolves once it is there; rejects where it cannot be made. */
  async start(): Promise<void> {
    await this.#sync();
    this.#again();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.clear();
  }

  #again(): void {
    const { clock, logger } = this.#deps;
    if (this.#stopped) return;
    this.#timer = clock
      .setTimer(intervalMs, () => {
        this.#sync()
          .catch((error: unknown) => logger.warn("the default ServiceCIDR could not be kept", { error }))
          .finally(() => this.#again());
      })
      .unref();
  }

  async #sync(): Promise<void> {
    const { registry } = this.#deps;
    const found = registry.get(ServiceCIDR, "", defaultServiceCidrName);
    if (found === undefined) return this.#create();
    const cidrs = found.spec.cidrs ?? [];
    if (this.#cidrs.length === 2 && cidrs.length === 1 && cidrs[0] === this.#cidrs[0]) return this.#widen(found);
    await this.#syncStatus(found);
  }

  async #create(): Promise<void> {
    const { registry } = this.#deps;
    try {
      const created = await registry.create(ServiceCIDR, {
        apiVersion: "networking.k8s.io/v1",
        kind: "ServiceCIDR",
        metadata: { name: defaultServiceCidrName },
        spec: { cidrs: this.#cidrs },
      });
      await this.#syncStatus(created);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      // Another server was faster, and does the rest.
      await this.#deps.fresh();
    }
  }

  /** A second family came: the cluster becomes dual stack. */
  async #widen(found: ServiceCIDR): Promise<void> {
    const { registry } = this.#deps;
    const draft = thaw(found) as unknown as { spec: { cidrs: readonly string[] } };
    draft.spec.cidrs = this.#cidrs;
    try {
      await registry.update(ServiceCIDR, draft);
    } catch (error) {
      const from = this.#cidrs[0];
      const note = `The default ServiceCIDR can not be upgraded from ${from} to dual stack [${this.#cidrs.join(" ")}] : ${(error as Error).message}`;
      this.#tell(found, "KubernetesDefaultServiceCIDRError", note);
    }
  }

  async #syncStatus(object: ServiceCIDR): Promise<void> {
    if (object.metadata.deletionTimestamp !== undefined) return;
    const cidrs = object.spec.cidrs ?? [];
    if (!equalJson(cidrs, this.#cidrs)) {
      const note = `The default ServiceCIDR [${cidrs.join(" ")}] does not match the controller flag configurations [${this.#cidrs.join(" ")}]`;
      this.#tell(object, "KubernetesDefaultServiceCIDRInconsistent", note);
      return;
    }
    const conditions = object.status?.conditions ?? [];
    const ready = conditions.find(({ type }) => type === "Ready");
    if (ready?.status === "True") return;
    if (ready?.status === "False") {
      this.#tell(object, ready.reason ?? "", `Configuration matches, but ${ready.message}`);
      return;
    }
    await this.#setReady(object);
  }

  async #setReady(object: ServiceCIDR): Promise<void> {
    const { registry, clock, logger } = this.#deps;
    const conditions = (object.status?.conditions ?? []).filter(({ type }) => type !== "Ready");
    const condition = {
      type: "Ready",
      status: "True",
      reason: "",
      message: "Kubernetes default Service CIDR is ready",
      lastTransitionTime: formatTime(clock.now()),
    };
    try {
      const status = { ...object.status, conditions: [...conditions, condition] };
      await registry.updateStatus(ServiceCIDR, { ...object, status } as ServiceCIDR);
    } catch (error) {
      // Somebody else was faster; a ServiceCIDR that says nothing counts as ready.
      logger.debug("the default ServiceCIDR could not be told ready", { error });
    }
  }

  #tell(regarding: ApiObject, reason: string, note: string): void {
    this.#deps.logger.warn("the default ServiceCIDR is not as it should be", { reason, note });
    this.#deps.tell(controller, regarding, { reason, action: reason, note });
  }
}
