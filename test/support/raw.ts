import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { Credentials } from "./http.ts";

/** A connection that says whatever a test wants it to say. */
export async function rawTls(
  port: number,
  credentials: Credentials,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const { ca, certificate, key } = credentials;
  const pair = certificate === undefined || key === undefined ? {} : { cert: certificate, key };
  const socket = connectTls({ port, host: "127.0.0.1", ca, ...pair, ...options });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

export async function rawTcp(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** All that comes until the other side ends or breaks the connection. */
export async function untilEnd(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  if (!socket.destroyed) {
    await once(socket, "close");
  }
  return text;
}

/** What comes until `isEnough` says so, or the connection ends. */
export function until(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const done = (): void => {
      socket.off("data", take);
      socket.off("close", done);
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (isEnough(text)) {
        done();
      }
    };
    socket.on("data", take);
    socket.once("close", done);
  });
}
