import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import type { Transport, TransportRequest, TransportResponse } from "../apimachinery/resource/transport.ts";
import type { CallOptions, ResourceIdentity } from "./options.ts";
import { ResourceCalls } from "./resource-calls.ts";
import type { ResourceClient } from "./resource-client.ts";

export interface ClientOptions {
  /** Sent with each write that names none. */
  readonly fieldManager?: string;
  /** Called with each text the server put into a `Warning` header. Must not throw. */
  readonly onWarning?: (text: string) => void;
}

export interface RawOptions extends CallOptions {
  readonly query?: URLSearchParams;
}

/** A client of one server. Every call rejects with ApiError where the server refuses; see `Transport`. */
export interface Client {
  readonly transport: Transport;
  /** Without a namespace: all of them for list and watch; writes then take the object's own. */
  resource<T extends ApiObject>(definition: ResourceDefinition<T>, namespace?: string): ResourceClient<T>;
  /** Of a kind known only at run time. */
  resource<T extends ApiObject = ApiObject>(identity: ResourceIdentity, namespace?: string): ResourceClient<T>;
  /** The decoded answer to a GET of any path: `/version`, `/apis`, `/healthz`. */
  get(path: string, options?: RawOptions): Promise<unknown>;
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Closes the transport. */
  close(): Promise<void>;
}

/** A client over any transport: HTTP, or the same process. */
export function createClient(transport: Transport, options: ClientOptions = {}): Client {
  const request = async (request: TransportRequest): Promise<TransportResponse> => {
    const response = await transport.request(request);
    if (options.onWarning !== undefined) for (const warning of response.warnings) options.onWarning(warning);
    return response;
  };
  const watch = (request: TransportRequest) => transport.watch(request);
  return {
    transport,
    request,
    resource: <T extends ApiObject>(identity: ResourceIdentity, namespace?: string) =>
      new ResourceCalls<T>({ identity, namespace, request, watch, fieldManager: options.fieldManager }),
    async get(path, { query, signal } = {}) {
      const response = await request({
        method: "GET",
        path,
        ...(query === undefined ? {} : { query }),
        ...(signal === undefined ? {} : { signal }),
      });
      return response.object;
    },
    close: () => transport.close(),
  };
}
