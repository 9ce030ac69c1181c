import { createServer } from "node:net";

/**
 * Whether a program of this network listens on the TCP port of an address already. An address that is none of the machine's
 * has no listeners.
 */
export async function isPortTaken(port: number, address = "0.0.0.0"): Promise<boolean> {
  const server = createServer();
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve);
    server.listen(port, address, () => server.close(() => resolve(undefined)));
  });
  if (failure === undefined || failure.code === "EADDRNOTAVAIL") return false;
  if (failure.code === "EADDRINUSE") return true;
  throw failure;
}

/** The first port from this one on that nobody listens on. */
export async function firstFreePort(from: number): Promise<number> {
  for (let port = from; port < 65_536; port++) {
    if (!(await isPortTaken(port))) return port;
  }
  throw new Error(`no port from ${from} on is free`);
}
