import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

// Runs inside a network namespace and does what it is told, a JSON line each: {"id", "do", …} → {"id", "ok"} or {"id", "error"}.

interface Order {
  readonly id: number;
  readonly do: "serve" | "tcp" | "udp";
  readonly name?: string;
  readonly host?: string;
  readonly port: number;
  readonly from?: number;
  readonly timeoutMs?: number;
}

/** Both protocols answer with the server's name and the address that the client seems to have. */
function serve({ name, port, host = "::" }: Order): Promise<string> {
  const answer = (client: string): string => `${name} ${client.replace("::ffff:", "")}`;
  const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
  udp.on("message", (_message, client) => udp.send(answer(client.address), client.port, client.address));
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(answer(socket.remoteAddress ?? ""));
  });
  return new Promise((resolve, reject) => {
    udp.on("error", reject);
    tcp.on("error", reject);
    udp.bind(port, host, () => tcp.listen(port, host, () => resolve("listening")));
  });
}

function askTcp({ host = "", port, timeoutMs = 2_000 }: Order): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host, port, timeout: timeoutMs });
    socket.on("timeout", () => socket.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })));
    socket.on("data", (data) => {
      text += data.toString();
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

/** Asks again while no answer comes, as clients of UDP do. */
const askAgainMs = 300;

function askUdp({ host = "", port, from, timeoutMs = 3_000 }: Order): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    const timer = setTimeout(() => {
      done();
      reject(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" }));
    }, timeoutMs);
    let again: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      clearInterval(again);
      socket.close();
    };
    socket.on("error", (error) => {
      done();
      reject(error);
    });
    socket.on("message", (message) => {
      done();
      resolve(message.toString());
    });
    const send = (): void => socket.send("hello");
    socket.bind(from ?? 0, () =>
      socket.connect(port, host, () => {
        send();
        again = setInterval(send, askAgainMs);
      }),
    );
  });
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line) as Order;
  const work = order.do === "serve" ? serve(order) : order.do === "tcp" ? askTcp(order) : askUdp(order);
  work.then(
    (ok) => process.stdout.write(`${JSON.stringify({ id: order.id, ok })}\n`),
    (error: NodeJS.ErrnoException) =>
      process.stdout.write(`${JSON.stringify({ id: order.id, error: error.code ?? error.message })}\n`),
  );
});
process.stdin.on("close", () => process.exit(0));
