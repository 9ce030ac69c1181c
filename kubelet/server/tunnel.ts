import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import { joinSockets, readAnswerHead } from "../../apimachinery/httpstream/upgrade.ts";
import { offeredProtocols } from "../../apimachinery/httpstream/websocket/channel-protocol.ts";
import { HttpError, type Upgrade } from "./answer.ts";
import { dialRuntime, passedHeaders } from "./runtime-stream.ts";

const prefix = "SPDY/3.1+";
const maxMessageBytes = 4 * 1024 * 1024;
/** What belongs to the WebSocket, and not to the connection within it. */
const webSocketHeaders: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "sec-websocket-protocol",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "x-stream-protocol-version",
]);

/** Names of the SPDY protocols that a client would tunnel through a WebSocket: `portforward.k8s.io`. */
export function tunnelledProtocols(header: string | undefined): readonly string[] {
  return offeredProtocols(header)
    .filter((name) => name.startsWith(prefix) && name.endsWith(".k8s.io"))
    .map((name) => name.slice(prefix.length));
}

/**
 * Carries a client's SPDY connection, which comes in the messages of a WebSocket, to the runtime (KEP-4006;
 * apiserver/pkg/util/proxy/streamtunnel.go). Rejects with HttpError where the runtime does not agree.
 */
export async function tunnel({ request, socket, head }: Upgrade, url: string): Promise<void> {
  const protocols = tunnelledProtocols(request.headers["sec-websocket-protocol"]);
  const runtime = await dialRuntime(url, "POST", [
    ...passedHeaders(request.rawHeaders, webSocketHeaders),
    ["Connection", "Upgrade"],
    ["Upgrade", "SPDY/3.1"],
    ...protocols.map((name) => ["X-Stream-Protocol-Version", name] as const),
  ]);
  try {
    const answer = await readAnswerHead(runtime);
    if (answer.status !== 101) throw new HttpError(answer.status, answer.rest.toString("utf8"));
    const chosen = `${prefix}${answer.headers.get("x-stream-protocol-version") ?? protocols[0]}`;
    const client = await accept({ request, socket, head }, chosen);
    const stream = createWebSocketStream(client, { allowHalfOpen: false });
    stream.on("error", () => {});
    runtime.unshift(answer.rest);
    await joinSockets(stream, runtime);
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError(500, (error as Error).message);
  } finally {
    runtime.destroy();
  }
}

function accept({ request, socket, head }: Upgrade, protocol: string): Promise<WebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: () => protocol,
  });
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, resolve);
  });
}
