import type { Socket } from "node:net";
import * as tls from "node:tls";
import { abortable } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import { type Connection, NotProcessedError, type RawRequest, type RawResponse, tlsOptions } from "./connection.ts";
import { createHttp1Connection } from "./http1-connection.ts";
import { Http2Session } from "./http2-session.ts";
import type { ServerAccess } from "./server-access.ts";

/** Time to establish a connection, TLS included. */
const connectTimeoutMs = 30_000;
/** Requests that a draining or refusing server handed back are sent anew this often. */
const maxResends = 5;

/**
 * A server's connections: HTTP/2 where it can over TLS, else HTTP/1.1. Connects when first needed, again after a break, and
 * once more where the server's limit of streams on one connection is reached.
 */
export class ServerConnection implements Connection {
  readonly #access: ServerAccess;
  readonly #clock: Clock;
  readonly #sessions = new Set<Http2Session>();
  #connecting: Promise<Connection | Http2Session> | undefined;
  #http1: Connection | undefined;
  #closed = false;

  constructor(access: ServerAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
    if (!access.server.startsWith("https:")) this.#http1 = createHttp1Connection(access);
  }

  async open(request: RawRequest): Promise<RawResponse> {
    for (let resends = 0; ; resends++) {
      const connection = this.#http1 ?? this.#free() ?? (await abortable(this.#connect(), request.signal));
      try {
        return await connection.open(request);
      } catch (error) {
        if (!(error instanceof NotProcessedError) || resends >= maxResends) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connecting?.catch(() => {}); // Whoever asked for it has been told.
    await Promise.all([this.#http1?.close(), ...Array.from(this.#sessions, (session) => session.close())]);
  }

  #free(): Http2Session | undefined {
    for (const session of this.#sessions) if (!session.draining && !session.full) return session;
    return undefined;
  }

  /** Those who need a connection at the same time share one. */
  #connect(): Promise<Connection | Http2Session> {
    if (this.#closed) return Promise.reject(new Error("the transport is closed"));
    this.#connecting ??= this.#establish().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #establish(): Promise<Connection | Http2Session> {
    const socket = await connectTls(this.#access, this.#clock);
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      this.#http1 = createHttp1Connection(this.#access);
      return this.#http1;
    }
    const session: Http2Session = new Http2Session({
      origin: new URL(this.#access.server).origin,
      socket,
      clock: this.#clock,
      onDraining: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    return session;
  }
}

function connectTls(access: ServerAccess, clock: Clock): Promise<tls.TLSSocket & Socket> {
  const { hostname, port } = new URL(access.server);
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? 443 : Number(port),
      ALPNProtocols: ["h2", "http/1.1"],
      ...tlsOptions(access),
    });
    const timer = clock.setTimer(connectTimeoutMs, () =>
      socket.destroy(new Error(`no connection to ${access.server} within ${connectTimeoutMs} ms`)),
    );
    const onError = (error: Error): void => {
      timer.clear();
      reject(error);
    };
    socket.once("error", onError);
    socket.once("secureConnect", () => {
      timer.clear();
      socket.off("error", onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
