import * as http from "node:http";
import * as https from "node:https";
import type { Connection, RawRequest, RawResponse } from "./connection.ts";
import { tlsOptions } from "./connection.ts";
import type { ServerAccess } from "./server-access.ts";

/** HTTP/1.1 with kept-alive connections, as many as there are requests at once. */
export function createHttp1Connection(access: ServerAccess): Connection {
  const url = new URL(access.server);
  const secure = url.protocol === "https:";
  const agent = secure
    ? new https.Agent({ ...tlsOptions(access), keepAlive: true, ALPNProtocols: ["http/1.1"] })
    : new http.Agent({ keepAlive: true });
  const send = secure ? https.request : http.request;

  const open = ({ method, path, headers, body, signal }: RawRequest): Promise<RawResponse> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const length = body === undefined ? {} : { "content-length": String(body.byteLength) };
      const request = send({
        agent,
        method,
        path,
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
        headers: { host: url.host, ...headers, ...length },
      });
      const onAbort = (): void => {
        request.destroy();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      request.on("close", () => signal?.removeEventListener("abort", onAbort));
      request.on("error", reject);
      request.on("response", (body) => {
        body.on("error", () => {}); // Whoever reads the body sees it; nobody may be reading yet.
        resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
      });
      request.end(body);
    });

  return {
    open,
    close() {
      agent.destroy();
      return Promise.resolve();
    },
  };
}
