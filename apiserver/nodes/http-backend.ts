import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { connect as connectTls } from "node:tls";
import { type RawHeaders, readAnswerHead, requestHead } from "../../apimachinery/httpstream/upgrade.ts";
import type { Clock } from "../../base/clock.ts";
import { networkErrorText } from "../network-error.ts";
import {
  type Backend,
  type BackendAnswer,
  type BackendConnection,
  BackendError,
  type BackendRequest,
  type BackendTarget,
} from "./backend.ts";

export interface KubeletCredentials {
  /** PEM: who the API server is to kubelets. */
  readonly clientKey: string;
  readonly clientCert: string;
  /** PEM of the authority of kubelets' certificates. Absent: they are not checked, as upstream's default is. */
  readonly ca?: string;
}

const dialTimeoutMs = 30_000;
/** Go's of a transport for requests. */
const handshakeTimeoutMs = 10_000;
const maxFreeSockets = 32;

/** Reaches nodes and pods over the network of this machine. */
export function httpBackend(credentials: KubeletCredentials | undefined, clock: Clock): Backend {
  return new HttpBackend(credentials, clock);
}

interface TlsOptions {
  readonly key?: string;
  readonly cert?: string;
  readonly ca?: string;
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
}

class HttpBackend implements Backend {
  readonly #credentials: KubeletCredentials | undefined;
  readonly #clock: Clock;
  readonly #plain = new HttpAgent({ keepAlive: true, maxFreeSockets });
  readonly #secure = new HttpsAgent({ keepAlive: true, maxFreeSockets });

  constructor(credentials: KubeletCredentials | undefined, clock: Clock) {
    this.#credentials = credentials;
    this.#clock = clock;
  }

  send(target: BackendTarget, request: BackendRequest): Promise<BackendAnswer> {
    const { scheme, host, port } = target;
    const { method, path, signal } = request;
    const secure = scheme === "https";
    const options = {
      host,
      port,
      method,
      path,
      signal,
      headers: request.headers.flat(),
      setDefaultHeaders: false,
      agent: secure ? this.#secure : this.#plain,
      ...(secure ? this.#tls(target) : {}),
    };
    return new Promise((resolve, reject) => {
      const outgoing = secure ? httpsRequest(options) : httpRequest(options);
      outgoing.once("socket", (socket) => this.#limitConnecting(socket, secure, (error) => outgoing.destroy(error)));
      outgoing.once("response", (incoming) => resolve(answerOf(incoming)));
      // Once there is an answer, its body says that it broke off.
      outgoing.on("error", (error) => reject(new BackendError(networkErrorText(error, target), { cause: error })));
      if (request.body === undefined) outgoing.end();
      else pipeline(request.body, outgoing).catch((error: Error) => outgoing.destroy(error));
    });
  }

  async upgrade(target: BackendTarget, request: BackendRequest): Promise<BackendConnection> {
    const { method, path, headers, signal } = request;
    const socket = await this.#dial(target, signal);
    const abort = (): void => void socket.destroy();
    signal.addEventListener("abort", abort, { once: true });
    try {
      socket.write(requestHead(method, path, headers));
      return { answer: await readAnswerHead(socket), socket };
    } catch (error) {
      socket.destroy();
      throw new BackendError((error as Error).message, { cause: error });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  /** Whoever takes connections and says nothing is given up; what they say once they are asked has no limit here. */
  #limitConnecting(socket: Socket, secure: boolean, fail: (error: Error) => void): void {
    if (!socket.connecting) return;
    const noConnection = (): void => fail(Object.assign(new Error("i/o timeout"), { code: "ETIMEDOUT" }));
    let timer = this.#clock.setTimer(dialTimeoutMs, noConnection);
    socket.once("close", () => timer.clear());
    socket.once("connect", () => {
      timer.clear();
      if (!secure) return;
      timer = this.#clock.setTimer(handshakeTimeoutMs, () => fail(new Error("net/http: TLS handshake timeout")));
      socket.once("secureConnect", () => timer.clear());
    });
  }

  #dial(target: BackendTarget, signal: AbortSignal): Promise<Duplex> {
    const { scheme, host, port } = target;
    const secure = scheme === "https";
    const servername = secure && isIP(host) === 0 ? { servername: host } : {};
    const socket = secure
      ? connectTls({ host, port, ...servername, ALPNProtocols: ["http/1.1"], ...this.#tls(target) })
      : connectTcp({ host, port });
    socket.setNoDelay(true);
    return new Promise((resolve, reject) => {
      const abort = (): void => void socket.destroy(new Error("operation was canceled"));
      const timer = this.#clock.setTimer(dialTimeoutMs, () => socket.destroy(new Error("i/o timeout")));
      const settled = (): void => {
        timer.clear();
        signal.removeEventListener("abort", abort);
      };
      signal.addEventListener("abort", abort, { once: true });
      socket.once("error", (error) => {
        settled();
        reject(new BackendError(`error dialing backend: ${networkErrorText(error, target)}`, { cause: error }));
      });
      socket.once(secure ? "secureConnect" : "connect", () => {
        settled();
        socket.on("error", () => {}); // Whoever uses the connection sees it close.
        resolve(socket);
      });
    });
  }

  #tls({ trust }: BackendTarget): TlsOptions {
    if (typeof trust === "object") {
      const { serverName, insecure, ...certificates } = trust;
      return { ...certificates, servername: serverName, rejectUnauthorized: !insecure };
    }
    if (trust === "none" || this.#credentials === undefined) return { rejectUnauthorized: false };
    const { clientKey: key, clientCert: cert, ca } = this.#credentials;
    if (trust === "kubelet-insecure" || ca === undefined) return { key, cert, rejectUnauthorized: false };
    return { key, cert, ca, rejectUnauthorized: true };
  }
}

function answerOf(incoming: IncomingMessage): BackendAnswer {
  const headers: [string, string][] = [];
  const { rawHeaders } = incoming;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  return { status: incoming.statusCode ?? 502, headers: headers as RawHeaders, body: incoming };
}
