/** A WebSocket subprotocol that numbers its streams (k8s.io/streaming/pkg/httpstream/wsstream). */
export interface ChannelProtocol {
  /** As it is negotiated; empty where a client names none. */
  readonly name: string;
  /** Messages are text, in base64, and the channel is a digit. */
  readonly base64: boolean;
  /** Message `255, channel` closes a channel, and no other (KEP-4006). */
  readonly closes: boolean;
}

const closeSignal = 255;
const zero = 0x30;

const raw = (name: string): ChannelProtocol => ({ name, base64: false, closes: false });
const base64 = (name: string): ChannelProtocol => ({ name, base64: true, closes: false });

/** Of exec and attach, best first. */
export const channelProtocols: readonly ChannelProtocol[] = [
  { name: "v5.channel.k8s.io", base64: false, closes: true },
  raw("v4.channel.k8s.io"),
  base64("v4.base64.channel.k8s.io"),
  raw("channel.k8s.io"),
  base64("base64.channel.k8s.io"),
  raw(""),
];

/** The first that the client names and we know; with no name at all, the one without a name. */
export function chooseProtocol(
  offered: readonly string[],
  known: readonly ChannelProtocol[] = channelProtocols,
): ChannelProtocol | undefined {
  const names = offered.length === 0 ? [""] : offered;
  for (const name of names) {
    const found = known.find((protocol) => protocol.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Values of `Sec-WebSocket-Protocol`. */
export function offeredProtocols(header: string | undefined): readonly string[] {
  return (header ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

export type ChannelMessage =
  | { readonly type: "data"; readonly channel: number; readonly data: Buffer }
  | { readonly type: "close"; readonly channel: number }
  /** Empty, or not to be read: passed over, as upstream does. */
  | { readonly type: "nothing" }
  /** The peer breaks the protocol: the connection is closed. */
  | { readonly type: "violation"; readonly reason: string };

export function decodeMessage(protocol: ChannelProtocol, message: Buffer): ChannelMessage {
  if (message.length === 0) return { type: "nothing" };
  const first = message[0]!;
  if (protocol.closes && first === closeSignal) {
    return message.length === 2
      ? { type: "close", channel: message[1]! }
      : { type: "violation", reason: "a single channel byte should follow the stream close signal" };
  }
  const rest = message.subarray(1);
  if (!protocol.base64) return { type: "data", channel: first, data: rest };
  const text = rest.toString("latin1");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return { type: "nothing" };
  return { type: "data", channel: first - zero, data: Buffer.from(text, "base64") };
}

/** A text for base64 protocols, bytes for the others. */
export function encodeMessage(protocol: ChannelProtocol, channel: number, data: Uint8Array): Buffer | string {
  if (protocol.base64) return `${channel}${Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64")}`;
  const message = Buffer.allocUnsafe(data.length + 1);
  message[0] = channel;
  message.set(data, 1);
  return message;
}

export function encodeClose(channel: number): Buffer {
  return Buffer.from([closeSignal, channel]);
}
