import { request } from "node:https";
import { Lease } from "../../api/coordination/v1/lease.ts";
import {
  type ComponentCheck,
  type ComponentHealth,
  componentWithin,
} from "../../apiserver/component-status/component-status.ts";
import type { ObjectReader } from "../../apiserver/registry/access.ts";
import type { Clock } from "../../base/clock.ts";

interface Component {
  readonly name: string;
  /** Where upstream's serves its health on this machine (registry/core/rest/storage_core.go). */
  readonly port: number;
  /** Held by the one that leads, wherever it runs. */
  readonly lease: string;
}

const components: readonly Component[] = [
  { name: "controller-manager", port: 10_257, lease: "kube-controller-manager" },
  { name: "scheduler", port: 10_259, lease: "kube-scheduler" },
];

/** Controllers and scheduler of this process: it ends with them. */
export const checksWithin: readonly ComponentCheck[] = components.map(({ name }) => componentWithin(name, true));

/**
 * Controllers and scheduler that run by themselves. Upstream looks at a fixed port of its own machine and nowhere else; one that
 * leads elsewhere, or serves no health, is known by the lease that it renews.
 */
export function checksOfOthers(
  reader: () => ObjectReader,
  clock: Clock,
  ask: typeof probe = probe,
): readonly ComponentCheck[] {
  return components.map(({ name, port, lease }) => ({
    name,
    async check(signal) {
      const health = await ask(`https://127.0.0.1:${port}/healthz`, signal);
      return health.status !== "True" && leads(reader(), lease, clock.now())
        ? { status: "True", message: "ok" }
        : health;
    },
  }));
}

function leads(reader: ObjectReader, name: string, now: number): boolean {
  const { holderIdentity, renewTime, leaseDurationSeconds = 0 } = reader.get(Lease, "kube-system", name)?.spec ?? {};
  if (!holderIdentity || renewTime === undefined) return false;
  return Date.parse(renewTime) + leaseDurationSeconds * 1_000 > now;
}

/** As upstream's prober: any certificate will do, an answer of 200 to 399 is well, what cannot be reached is not. */
export function probe(url: string, signal: AbortSignal): Promise<ComponentHealth> {
  return new Promise((resolve) => {
    const failed = ({ code, message }: NodeJS.ErrnoException): void => {
      const { host } = new URL(url);
      const why = code === "ECONNREFUSED" ? `dial tcp ${host}: connect: connection refused` : message;
      resolve({ status: "False", message: `Get "${url}": ${why}` });
    };
    const call = request(url, { rejectUnauthorized: false, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        if (body.length < 10_000) body += text;
      });
      response.on("error", failed);
      response.on("end", () => {
        const { statusCode = 0 } = response;
        const well = statusCode >= 200 && statusCode < 400;
        resolve(
          well
            ? { status: "True", message: body }
            : { status: "False", message: `HTTP probe failed with statuscode: ${statusCode}` },
        );
      });
    });
    call.on("error", failed);
    call.end();
  });
}
