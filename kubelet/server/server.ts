import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { HttpError, refuseUpgrade, type Upgrade } from "./answer.ts";
import { type Authenticate, authenticator } from "./authentication.ts";
import { type Authorize, authorizer } from "./authorization.ts";
import { type Call, type Handler, notFound, routes } from "./handlers.ts";
import type { KubeletServer, KubeletServerOptions } from "./options.ts";
import { requestAttributes } from "./request-attributes.ts";

export type { HealthCheck, KubeletServer, KubeletServerOptions, NodeStats, StreamingRuntime } from "./options.ts";

/** Longer than the API server's own connections are kept, so that it never meets one that is closing. */
const keepAliveMs = 120_000;

/**
 * Serves the kubelet's HTTPS API (pkg/kubelet/server). Every request is authenticated, by a client certificate or a token, and
 * authorized by the API server. Rejects with the system's error where the port cannot be had.
 */
export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { key, cert, clientCa, host, port, logger } = options;
  const server = createServer({
    key,
    cert,
    ca: clientCa,
    requestCert: true,
    // An unknown certificate is answered, not broken off.
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    noDelay: true,
    keepAlive: true,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: 0,
  });
  const sockets = new Set<Duplex>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // Whoever writes to it learns by `close`.
  });
  const node = new Node(options);
  server.on("request", (request, response) => void node.answer(request, response));
  server.on("upgrade", (request, socket, head) => void node.upgrade({ request, socket, head }));
  await listen(server, port, host);
  server.on("error", (error) => logger.error("the kubelet's listener failed", { error }));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

class Node {
  readonly #options: KubeletServerOptions;
  readonly #authenticate: Authenticate;
  readonly #authorize: Authorize;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#authenticate = authenticator(options.client, options.clock);
    this.#authorize = authorizer(options.client, options.nodeName, options.clock);
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { handler, call } = await this.#admit(request);
      await handler(call, response);
    } catch (error) {
      const { status, message, headers } = this.#failure(request, error);
      if (response.headersSent) response.destroy();
      else {
        response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" });
        response.end(message);
      }
    }
  }

  /** Never rejects. */
  async upgrade(upgrade: Upgrade): Promise<void> {
    const { request, socket } = upgrade;
    socket.on("error", () => {});
    try {
      const { handler, call } = await this.#admit(request);
      await handler(call, undefined, upgrade);
      // What does not take connections over has not answered.
      if (!streaming.has(call.segments[0] ?? "")) throw new HttpError(400, "this path takes no upgrade");
    } catch (error) {
      refuseUpgrade(socket, this.#failure(request, error));
    }
  }

  #failure(request: IncomingMessage, error: unknown): HttpError {
    if (error instanceof HttpError) return error;
    const path = (request.url ?? "").split("?")[0];
    this.#options.logger.error("a request to the kubelet failed", { method: request.method, path, error });
    return new HttpError(500, error instanceof Error ? error.message : String(error));
  }

  async #admit(request: IncomingMessage): Promise<{ readonly handler: Handler; readonly call: Call }> {
    const { method = "GET", url = "/" } = request;
    const at = url.indexOf("?");
    const path = at < 0 ? url : url.slice(0, at);
    await this.#check(request, method, path);
    const segments = segmentsOf(path);
    const route = routes.get(segments[0] ?? "");
    if (route === undefined) throw notFound();
    if (!route.methods.includes(method)) throw new HttpError(405, "405: Method Not Allowed");
    const query = new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
    return { handler: route.handler, call: { options: this.#options, segments, query } };
  }

  async #check(request: IncomingMessage, method: string, path: string): Promise<void> {
    const user = await this.#authenticate(request).catch((error: unknown) => {
      this.#options.logger.error("Unable to authenticate the request due to an error", { error });
      return undefined;
    });
    if (user === undefined) throw new HttpError(401, "Unauthorized");
    const { verb, subresources } = requestAttributes(method, path);
    for (const subresource of subresources) {
      try {
        if (await this.#authorize({ user, verb, subresource })) return;
      } catch (error) {
        this.#options.logger.error("Authorization error", { user: user.username, verb, subresource, error });
        const about = `user=${user.username}, verb=${verb}, resource=nodes, subresource=${subresource}`;
        throw new HttpError(500, `Authorization error (${about})`);
      }
    }
    const about = `user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(" ")}]`;
    throw new HttpError(403, `Forbidden (${about})\n`);
  }
}

const streaming: ReadonlySet<string> = new Set(["exec", "attach", "portForward"]);

function segmentsOf(path: string): readonly string[] {
  try {
    return path
      .split("/")
      .filter((segment) => segment !== "")
      .map(decodeURIComponent);
  } catch (error) {
    throw new HttpError(400, `the path is not percent-encoded as it should be: ${(error as Error).message}`);
  }
}
