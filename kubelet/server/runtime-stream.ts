import { connect, type Socket } from "node:net";
import { joinSockets, type RawHeaders, readAnswerHead, requestHead } from "../../apimachinery/httpstream/upgrade.ts";
import type { Clock } from "../../base/clock.ts";
import { HttpError, type Upgrade } from "./answer.ts";

/** How long a client may take to read that the runtime has refused. */
const refusalMs = 10_000;
/** Of the connection from the client to the kubelet: nothing of the runtime's business. */
const own: ReadonlySet<string> = new Set(["authorization", "host"]);

/** The runtime's streaming server, as the URL of an exec, attach or port-forward names it. */
export function runtimeAddress(url: string): { readonly host: string; readonly port: number; readonly path: string } {
  const { hostname, port, pathname, search, protocol } = new URL(url);
  if (protocol !== "http:") throw new HttpError(500, `the runtime streams over ${protocol}//, which is not supported`);
  const host = hostname.replace(/^\[|\]$/g, "");
  return { host, port: port === "" ? 80 : Number(port), path: `${pathname}${search}` };
}

/** Connects to the runtime and sends a request to upgrade. */
export function dialRuntime(url: string, method: string, headers: RawHeaders): Promise<Socket> {
  const { host, port, path } = runtimeAddress(url);
  const socket = connect({ host, port, noDelay: true });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => reject(new HttpError(500, `error dialing backend: ${error.message}`)));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      socket.on("error", () => {});
      socket.write(requestHead(method, path, [["Host", `${host}:${port}`], ...headers]));
      resolve(socket);
    });
  });
}

/** The headers of a client's request that the runtime is sent. */
export function passedHeaders(raw: readonly string[], without: ReadonlySet<string> = own): RawHeaders {
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (!own.has(raw[i]!.toLowerCase()) && !without.has(raw[i]!.toLowerCase())) headers.push([raw[i]!, raw[i + 1]!]);
  }
  return headers;
}

/**
 * Lets client and runtime speak to each other over one connection, in whatever protocol they agree on: SPDY, or WebSocket up
 * to v4. Resolves when both are done. Rejects with HttpError where the runtime cannot be reached; nothing is answered then.
 */
export async function passToRuntime({ request, socket, head }: Upgrade, url: string, clock: Clock): Promise<void> {
  const runtime = await dialRuntime(url, request.method ?? "GET", passedHeaders(request.rawHeaders));
  try {
    const answer = await readAnswerHead(runtime);
    socket.write(answer.head);
    if (answer.rest.length > 0) socket.write(answer.rest);
    if (answer.status !== 101) {
      // The refusal is passed on; the connection is of no more use.
      const timer = clock.setTimer(refusalMs, () => socket.destroy()).unref();
      socket.once("close", () => timer.clear());
    } else if (head.length > 0) runtime.write(head);
    await joinSockets(socket, runtime);
  } catch (error) {
    throw new HttpError(500, (error as Error).message);
  } finally {
    runtime.destroy();
  }
}
