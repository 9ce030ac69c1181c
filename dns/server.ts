import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Responder } from "./responder.ts";
import { FrameReader, frame } from "./wire/frame.ts";

export interface ServerOptions {
  /** Bound to this very address: an answer then comes from where the question went to. */
  readonly address: string;
  /** 0: any that is free for both protocols. */
  readonly port: number;
  readonly responder: Responder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A TCP connection on which nothing happens for so long is ended (CoreDNS: 10 s). */
const idleMs = 10_000;
const maxConnections = 1_000;
/** Questions of one connection that wait at a time; more are left in the socket. */
const maxWaiting = 100;

/** One address, UDP and TCP. */
export class DnsServer {
  readonly #options: ServerOptions;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  readonly #stop = new AbortController();

  constructor(options: ServerOptions) {
    this.#options = options;
    const family = isIPv6(options.address) ? 6 : 4;
    this.#udp = createSocket({ type: family === 6 ? "udp6" : "udp4", recvBufferSize: 1 << 20 });
    this.#udp.on("message", (bytes, remote) => this.#onDatagram(bytes, remote));
    this.#tcp = createServer((socket) => this.#onConnection(socket));
    this.#tcp.maxConnections = maxConnections;
  }

  /** Resolves with the port when both listen. Rejects where the address is not there or taken. */
  async listen(): Promise<number> {
    const { address, port, logger } = this.#options;
    this.#tcp.listen({ host: address, port });
    await once(this.#tcp, "listening");
    const bound = this.#tcp.address();
    const chosen = typeof bound === "object" && bound !== null ? bound.port : port;
    this.#udp.bind({ address, port: chosen });
    try {
      await once(this.#udp, "listening");
    } catch (error) {
      this.#tcp.close();
      throw error;
    }
    this.#udp.on("error", (error) => logger.error("UDP failed", { address, error }));
    this.#tcp.on("error", (error) => logger.error("TCP failed", { address, error }));
    return chosen;
  }

  /** Resolves when nothing is open any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#connections) socket.destroy();
    const closed = [once(this.#udp, "close"), once(this.#tcp, "close")];
    this.#udp.close();
    this.#tcp.close();
    await Promise.all(closed);
  }

  #onDatagram(bytes: Buffer, { address, port }: RemoteInfo): void {
    if (port === 0) return; // Nobody can be there.
    const client = { transport: "udp", family: isIPv6(address) ? "2" : "1" } as const;
    const answer = this.#options.responder.respond(bytes, client, this.#stop.signal);
    if (answer === undefined) return;
    if (answer instanceof Promise) answer.then((bytes) => this.#send(bytes, port, address), this.#unexpected);
    else this.#send(answer, port, address);
  }

  #send(bytes: Uint8Array, port: number, address: string): void {
    if (this.#stop.signal.aborted) return;
    // A client that is gone is no concern of the server's.
    this.#udp.send(bytes, port, address, (error) => {
      if (error !== null) this.#options.logger.debug("An answer could not be sent", { address, error });
    });
  }

  #onConnection(socket: Socket): void {
    const client = { transport: "tcp", family: isIPv6(socket.remoteAddress ?? "") ? "2" : "1" } as const;
    const { responder, clock } = this.#options;
    const reader = new FrameReader();
    let waiting = 0;
    let idle = clock.setTimer(idleMs, () => socket.destroy());
    this.#connections.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      idle.clear();
      this.#connections.delete(socket);
    });
    const send = (answer: Uint8Array): void => {
      waiting--;
      if (!socket.destroyed) socket.write(frame(answer));
      if (waiting < maxWaiting && !socket.writableNeedDrain) socket.resume();
    };
    socket.on("drain", () => socket.resume());
    socket.on("data", (data) => {
      idle.clear();
      idle = clock.setTimer(idleMs, () => socket.destroy());
      for (const bytes of reader.push(data)) {
        const answer = responder.respond(bytes, client, this.#stop.signal);
        if (answer === undefined) continue;
        waiting++;
        if (answer instanceof Promise) answer.then(send, this.#unexpected);
        else send(answer);
      }
      if (waiting >= maxWaiting || socket.writableNeedDrain) socket.pause();
    });
  }

  readonly #unexpected = (error: unknown): void => {
    this.#options.logger.error("A query failed", { error });
  };
}
