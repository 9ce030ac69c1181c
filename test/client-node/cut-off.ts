import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut: TCP in between, bytes untouched. */
export interface CutOff {
  readonly port: number;
  /** Resets every connection that is open. */
  cut(): void;
  close(): Promise<void>;
}

export async function startCutOff(target: number): Promise<CutOff> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const onward = connect(target, "127.0.0.1");
    keep(client);
    keep(onward);
    client.pipe(onward).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return {
    port: (server.address() as { port: number }).port,
    cut,
    async close() {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}
