import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Container, HTTPGetAction } from "../../api/generated/types/core-v1.ts";

export interface HttpHookOptions {
  readonly container: Container;
  readonly podIP: string | undefined;
  readonly signal: AbortSignal;
}

/** Sends the request of an httpGet hook. Any answer is a success: only what cannot be reached has failed. */
export async function callHttpHook(action: HTTPGetAction, options: HttpHookOptions): Promise<void> {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  try {
    await call(action, scheme, options);
  } catch (error) {
    // A server that speaks plain HTTP where TLS was asked for is spoken to plainly (isHTTPResponseError).
    const plain = (error as NodeJS.ErrnoException).code === "EPROTO";
    if (scheme !== "https" || !plain) throw error;
    await call(action, "http", options);
  }
}

function call(action: HTTPGetAction, scheme: string, { container, podIP, signal }: HttpHookOptions): Promise<void> {
  const host = action.host || podIP;
  if (host === undefined) return Promise.reject(new Error("failed to find networking container"));
  const port = portOf(action.port, container);
  const headers: Record<string, string[]> = { "User-Agent": ["kube-lifecycle/1.36"], Accept: ["*/*"] };
  for (const { name, value } of action.httpHeaders ?? []) {
    if (name === "User-Agent" || name === "Accept") headers[name] = [value];
    else headers[name] = [...(headers[name] ?? []), value];
  }
  const path = action.path ?? "/";
  const options = { host, port, path: path.startsWith("/") ? path : `/${path}`, headers, signal };
  return new Promise((resolve, reject) => {
    const request = scheme === "https" ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.once("response", (response) => {
      response.resume();
      response.once("end", resolve).once("error", reject);
    });
    request.once("error", reject);
    request.end();
  });
}

function portOf(port: number | string, { ports = [] }: Container): number {
  const number = Number(port);
  if (Number.isInteger(number)) {
    if (number > 0 && number < 65536) return number;
    throw new Error(`invalid port number: ${number}`);
  }
  const named = ports.find(({ name }) => name === port);
  if (named === undefined) throw new Error(`couldn't find port: ${port}`);
  return named.containerPort;
}
