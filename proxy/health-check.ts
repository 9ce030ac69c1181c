import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Logger } from "../base/logger.ts";

/** What a load balancer learns at a service's healthCheckNodePort. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Ready endpoints on this node. */
  readonly localEndpoints: number;
}

/** Servers of `healthCheckNodePort`, one a service: 200 where endpoints live on this node, else 503 (pkg/proxy/healthcheck/service_health.go). */
export class ServiceHealthServers {
  readonly #logger: Logger;
  readonly #servers = new Map<string, { readonly server: Server; health: ServiceHealth }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The services there are now: servers of others end. A port that is taken is logged and tried again with the next change. */
  sync(services: readonly ServiceHealth[]): void {
    const wanted = new Map(services.map((health) => [`${health.namespace}/${health.name}/${health.port}`, health]));
    for (const [key, { server }] of this.#servers) {
      if (wanted.has(key)) continue;
      this.#servers.delete(key);
      end(server);
    }
    for (const [key, health] of wanted) {
      const known = this.#servers.get(key);
      if (known !== undefined) known.health = health;
      else this.#start(key, health);
    }
  }

  /** Resolves when every port is free again. */
  async close(): Promise<void> {
    const servers = Array.from(this.#servers.values(), ({ server }) => server);
    this.#servers.clear();
    await Promise.all(
      servers.map(async (server) => {
        const closed = server.listening ? once(server, "close") : undefined;
        end(server);
        await closed;
      }),
    );
  }

  #start(key: string, health: ServiceHealth): void {
    const entry = {
      health,
      server: createServer((_request, response) => {
        const { namespace, name, localEndpoints } = entry.health;
        response.writeHead(localEndpoints > 0 ? 200 : 503, {
          "Content-Type": "application/json",
          "X-Content-Type-Options": "nosniff",
          "X-Load-Balancing-Endpoint-Weight": String(localEndpoints),
        });
        response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }));
      }),
    };
    this.#servers.set(key, entry);
    entry.server.on("error", (error) => {
      this.#logger.error("Failed to start healthcheck", { service: key, error });
      this.#servers.delete(key);
    });
    entry.server.listen(health.port);
  }
}

function end(server: Server): void {
  server.close();
  server.closeAllConnections();
}
