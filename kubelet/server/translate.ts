import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { SpdyConnection } from "../../apimachinery/httpstream/spdy/connection.ts";
import type { SpdyStream } from "../../apimachinery/httpstream/spdy/stream.ts";
import { readAnswerHead } from "../../apimachinery/httpstream/upgrade.ts";
import { ChannelConnection, type ChannelMode } from "../../apimachinery/httpstream/websocket/channel-connection.ts";
import { channelProtocols } from "../../apimachinery/httpstream/websocket/channel-protocol.ts";
import type { Upgrade } from "./answer.ts";
import { type FinalStatus, finalStatus, internalError } from "./final-status.ts";
import { dialRuntime } from "./runtime-stream.ts";

/** Which streams an exec or attach has. */
export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Channels of remote command, by number (k8s.io/apimachinery/pkg/util/remotecommand). */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 };
const maxMessageBytes = 4 * 1024 * 1024;
const maxStatusBytes = 1024 * 1024;
const runtimeProtocol = "v4.channel.k8s.io";
export const v5Protocol = "v5.channel.k8s.io";

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: maxMessageBytes,
  handleProtocols: (offered) => (offered.has(v5Protocol) ? v5Protocol : false),
});

/**
 * Serves a client of WebSocket v5 from a runtime that speaks SPDY alone: containerd refuses v5
 * (apiserver/pkg/util/proxy/streamtranslator.go). Resolves when the client has been told how it ended, or has gone.
 */
export async function translate(
  { request, socket, head }: Upgrade,
  url: string,
  options: StreamOptions,
): Promise<void> {
  const client = await new Promise<WebSocket>((resolve) => {
    server.handleUpgrade(request, socket, head, resolve);
  });
  const protocol = channelProtocols.find(({ name }) => name === v5Protocol)!;
  const connection = new ChannelConnection(client, protocol, modesOf(options));
  // Tells the client that it is connected (a message on the lowest channel it reads).
  client.send(Buffer.from([options.stdout ? channels.stdout : options.stderr ? channels.stderr : channels.error]));
  let status: FinalStatus | undefined;
  try {
    status = await stream(connection, url, options);
  } catch (error) {
    status = internalError((error as Error).message);
  }
  connection.channel(channels.error).write(JSON.stringify(status), () => connection.close());
  await connection.closed;
}

function modesOf({ stdin, stdout, stderr }: StreamOptions): readonly ChannelMode[] {
  return [stdin ? "read" : "ignore", stdout ? "write" : "ignore", stderr ? "write" : "ignore", "write", "read"];
}

async function stream(client: ChannelConnection, url: string, options: StreamOptions): Promise<FinalStatus> {
  const socket = await dialRuntime(url, "POST", [
    ["Connection", "Upgrade"],
    ["Upgrade", "SPDY/3.1"],
    ["X-Stream-Protocol-Version", runtimeProtocol],
    ["Content-Length", "0"],
  ]);
  void client.closed.then(() => socket.destroy());
  try {
    const answer = await readAnswerHead(socket);
    if (answer.status !== 101) throw new Error(`unable to upgrade connection: ${await refusal(socket, answer.rest)}`);
    socket.unshift(answer.rest);
    const runtime = new SpdyConnection(socket, { role: "client" });
    try {
      return await carry(client, runtime, options);
    } finally {
      runtime.close();
    }
  } finally {
    socket.end();
  }
}

async function carry(
  client: ChannelConnection,
  runtime: SpdyConnection,
  { stdin, stdout, stderr, tty }: StreamOptions,
): Promise<FinalStatus> {
  const open = (streamType: string): Promise<SpdyStream> => runtime.openStream({ streamtype: streamType });
  const error = await open("error");
  const ended: Promise<void>[] = [];
  if (stdin) client.channel(channels.stdin).pipe(discardOutput(await open("stdin")));
  if (stdout) ended.push(copy(await open("stdout"), client.channel(channels.stdout)));
  if (stderr && !tty) ended.push(copy(await open("stderr"), client.channel(channels.stderr)));
  if (tty) client.channel(channels.resize).pipe(discardOutput(await open("resize")));
  else client.channel(channels.resize).resume();
  const message = await textOf(error);
  await Promise.all(ended);
  if (message === "" && !error.remoteClosed) throw new Error("the connection to the container runtime was lost");
  return finalStatus(message);
}

/** The runtime says nothing on what it only reads. */
function discardOutput(stream: SpdyStream): SpdyStream {
  stream.resume();
  return stream;
}

/** Resolves at the runtime's end of the stream, when all has been handed to the client. */
function copy(from: SpdyStream, to: Duplex): Promise<void> {
  return new Promise((resolve) => {
    to.once("close", resolve);
    to.once("finish", resolve);
    from.pipe(to);
  });
}

async function textOf(stream: SpdyStream): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    size += (part as Buffer).length;
    if (size > maxStatusBytes) throw new Error("the runtime's status is too long");
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What an answer that refuses says: a little text. */
function refusal(socket: Duplex, start: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = start;
    const done = (): void => resolve(text.toString("utf8").trim());
    socket.on("data", (chunk: Buffer) => {
      text = Buffer.concat([text, chunk]).subarray(0, maxStatusBytes);
    });
    socket.once("end", done).once("close", done);
    // The runtime may keep the connection open: what is there is enough.
    if (start.length > 0) done();
    socket.resume();
  });
}
