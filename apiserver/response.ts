import type { Duplex } from "node:stream";
import type { Status } from "../apimachinery/errors/status.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import type { ServedObject } from "./cache/served-object.ts";

/**
 * What a handler answers, before anybody has chosen an encoding: HTTP negotiates JSON, YAML, protobuf or a table from it,
 * a client in this process takes the frozen objects as they are.
 */
export type ApiResponse =
  | ObjectResponse
  | ListResponse
  | WatchResponse
  | ValueResponse
  | RawResponse
  | StreamResponse
  | UpgradeResponse;

export interface ObjectResponse {
  readonly type: "object";
  readonly status: number;
  readonly definition: ResourceDefinition;
  readonly served: ServedObject;
}

export interface ListResponse {
  readonly type: "list";
  readonly definition: ResourceDefinition;
  readonly items: readonly ServedObject[];
  /** "" for what is not stored. */
  readonly resourceVersion: string;
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

/** A watcher's end of the stream. */
export interface WatchSink {
  /** `bookmark`: only metadata counts. False where the receiver is too slow: the watch has been ended. */
  send(event: ServedEvent): boolean;
  /** While the initial events go out: what to wait for before the next one; undefined where the receiver keeps up. */
  behind?(): Promise<void> | undefined;
  /** The server ends the watch: with an ERROR event where there is a status. */
  end(status?: Status): void;
}

export type ServedEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly served: ServedObject }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WatchResponse {
  readonly type: "watch";
  readonly definition: ResourceDefinition;
  /**
   * Begins delivery; the initial events come before it returns, as far as the sink is not `behind`. Returns what stops it.
   * Call once.
   */
  readonly start: (sink: WatchSink) => () => void;
}

/** A body that is not stored: Status, discovery documents. */
export interface ValueResponse {
  readonly type: "value";
  readonly status: number;
  readonly value: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Bytes of a media type of their own: health, metrics, OpenAPI. Without a type: nothing at all. */
export interface RawResponse {
  readonly type: "raw";
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that comes from elsewhere, piece by piece: a log, what a proxied service answers. */
export interface StreamResponse {
  readonly type: "stream";
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Each piece is sent as it comes, and the next taken when the receiver keeps up. Returned from where nobody listens. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The client's connection changes its protocol. Only for requests that are `upgradable`. */
export interface UpgradeResponse {
  readonly type: "upgrade";
  readonly status: 101;
  /** Writes the answer, and carries bytes until either side ends. `head` is what came behind the request. Call once. */
  readonly connect: (client: Duplex, head: Buffer) => Promise<void>;
  /** In place of `connect`: the client has gone. */
  readonly abandon: () => void;
}
