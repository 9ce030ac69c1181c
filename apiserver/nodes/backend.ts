import type { Duplex } from "node:stream";
import type { RawHeaders, UpgradeAnswer } from "../../apimachinery/httpstream/upgrade.ts";

/** Where a request is passed on to: a kubelet, or whatever listens in a pod or on a node. */
export interface BackendTarget {
  readonly scheme: "http" | "https";
  /** An address or name, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /**
   * `kubelet`: shows the server's client certificate, and checks theirs where an authority is known. `kubelet-insecure`: the
   * same without the check. `none`: neither. An object: as it says.
   */
  readonly trust: "kubelet" | "kubelet-insecure" | "none" | ServerTrust;
}

/** How both sides of a TLS connection prove who they are. */
export interface ServerTrust {
  /** PEM: who the API server is. */
  readonly key?: string;
  readonly cert?: string;
  /** The name that the certificate must be for. */
  readonly serverName: string;
  /** PEM of the authorities that it may be signed by; absent: those of the system. */
  readonly ca?: string;
  /** It is not checked at all. */
  readonly insecure: boolean;
}

export interface BackendRequest {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly path: string;
  readonly headers: RawHeaders;
  readonly body?: AsyncIterable<Uint8Array>;
  /** Ends the exchange, the answer's body too. */
  readonly signal: AbortSignal;
}

export interface BackendAnswer {
  readonly status: number;
  /** Names as they came. */
  readonly headers: RawHeaders;
  /** Read it to its end, or return from it: the connection waits. Throws where it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface BackendConnection {
  readonly answer: UpgradeAnswer;
  /** Paused, behind the answer's head and rest. */
  readonly socket: Duplex;
}

/** The server's way to nodes and pods. One with sockets is `httpBackend`. */
export interface Backend {
  /** Rejects with BackendError where there is no answer. */
  send(target: BackendTarget, request: BackendRequest): Promise<BackendAnswer>;
  /** Asks for another protocol. Whether the other side agreed is in the answer. Rejects with BackendError. */
  upgrade(target: BackendTarget, request: BackendRequest): Promise<BackendConnection>;
  /** Closes what is idle; exchanges under way end by themselves. */
  close(): void;
}

/** No answer came. The message is Go's: `dial tcp 10.0.0.1:80: connect: connection refused`. */
export class BackendError extends Error {
  override readonly name = "BackendError";
}

/** Where there is no network, nothing can be reached. */
export const noBackend: Backend = {
  send: () => Promise.reject(new BackendError("this API server has no network")),
  upgrade: () => Promise.reject(new BackendError("this API server has no network")),
  close: () => {},
};
