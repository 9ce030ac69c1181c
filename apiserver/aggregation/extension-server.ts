import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import type { RawHeaders } from "../../apimachinery/httpstream/upgrade.ts";
import type { Clock } from "../../base/clock.ts";
import type { Backend, BackendTarget } from "../nodes/backend.ts";
import { serviceOf } from "./api-services.ts";
import { aggregator, identityHeaders } from "./identity.ts";
import { type ResolveParts, resolveService } from "./resolve.ts";

/** PEM: who this server is to extension servers (--proxy-client-cert-file). */
export interface ProxyClient {
  readonly key: string;
  readonly cert: string;
}

export interface ExtensionParts extends ResolveParts {
  readonly backend: Backend;
  readonly client: ProxyClient | undefined;
  readonly clock: Clock;
}

/** Where the requests of a group version go, and what is asked of who answers. Throws where they go nowhere. */
export function targetOf(parts: ExtensionParts, apiService: APIService): BackendTarget {
  const { spec } = apiService;
  const service = serviceOf(apiService)!;
  const { host, port } = resolveService(parts, service);
  const ca = (spec.caBundle ?? "") === "" ? {} : { ca: Buffer.from(spec.caBundle!, "base64").toString("utf8") };
  const serverName = `${service.name}.${service.namespace}.svc`;
  const trust = { ...parts.client, ...ca, serverName, insecure: spec.insecureSkipTLSVerify === true };
  return { scheme: "https", host, port, trust };
}

export interface Fetched {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** A document of an extension server is never larger; one that is counts as none. */
const maxDocumentBytes = 32 * 1024 * 1024;

/** Asks an extension server in the server's own name. Rejects where there is no whole answer in time. */
export async function fetchFrom(
  parts: ExtensionParts,
  target: BackendTarget,
  path: string,
  options: { readonly timeoutMs: number; readonly headers?: RawHeaders },
): Promise<Fetched> {
  const timeout = new AbortController();
  const timer = parts.clock.setTimer(options.timeoutMs, () => {
    timeout.abort(new Error("context deadline exceeded (Client.Timeout exceeded while awaiting headers)"));
  });
  try {
    const host = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
    const headers = [["Host", host], ...identityHeaders(aggregator), ...(options.headers ?? [])] as RawHeaders;
    const answer = await parts.backend.send(target, { method: "GET", path, headers, signal: timeout.signal });
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of answer.body) {
      size += piece.length;
      if (size > maxDocumentBytes) throw new Error(`the answer to ${path} is larger than ${maxDocumentBytes} bytes`);
      pieces.push(piece);
    }
    const fields = new Map(answer.headers.map(([name, value]) => [name.toLowerCase(), value]));
    return { status: answer.status, headers: fields, body: Buffer.concat(pieces) };
  } catch (error) {
    throw timeout.signal.aborted ? (timeout.signal.reason as Error) : error;
  } finally {
    timer.clear();
  }
}
