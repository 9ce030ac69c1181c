/** Queries a second that the cluster's DNS answers to clients in processes of their own, over UDP on loopback: `node bench/dns.ts`. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import dnsPacket from "dns-packet";
import { Service } from "../api/core/v1/service.ts";
import { MetricsRegistry, realClock, realRandom, silentLogger } from "../base/mod.ts";
import { createClient } from "../client/mod.ts";
import { MemoryApi } from "../client/testing/memory-api.ts";
import { runDns } from "../dns/mod.ts";
import { port, service } from "../dns/testing/objects.ts";

const runMs = 3_000;
const inFlight = 100;
const clientPort = process.argv[2] === "client" ? Number(process.argv[3]) : undefined;

if (clientPort === undefined) await serve();
else await ask(clientPort);

async function serve(): Promise<void> {
  const api = new MemoryApi({ clock: realClock, random: realRandom });
  const client = createClient(api);
  for (let i = 0; i < 100; i++)
    await client
      .resource(Service, "default")
      .create(service(`s${i}`, { clusterIP: `10.96.0.${i + 1}`, ports: [port("web", 80)] }));
  const stop = new AbortController();
  const listening = Promise.withResolvers<number>();
  const options = {
    client,
    clock: realClock,
    random: realRandom,
    logger: silentLogger,
    metrics: new MetricsRegistry(),
  };
  const running = runDns({ ...options, addresses: ["127.0.0.1"], port: 0, upstreams: [] }, stop.signal, ({ ports }) =>
    listening.resolve(ports[0] as number),
  );
  const serverPort = await listening.promise;
  await realClock.sleep(200);
  const before = process.cpuUsage();
  const counts = await Promise.all([startClient(serverPort), startClient(serverPort)]);
  const { user, system } = process.cpuUsage(before);
  const answered = counts.reduce((sum, count) => sum + count, 0);
  // biome-ignore lint/suspicious/noConsole: the figures are what this program is for
  console.table([
    {
      "queries/s": Math.round(answered / (runMs / 1000)),
      "server CPU µs a query": Math.round((user + system) / answered),
    },
  ]);
  stop.abort();
  await running;
}

function startClient(serverPort: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "client", String(serverPort)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
    });
    child.on("error", reject);
    child.on("close", () => resolve(Number(said)));
  });
}

async function ask(serverPort: number): Promise<void> {
  const queries = Array.from({ length: 100 }, (_, i) =>
    dnsPacket.encode({ type: "query", id: i, questions: [{ type: "A", name: `s${i}.default.svc.cluster.local` }] }),
  );
  const socket = createSocket("udp4");
  let answered = 0;
  let sent = 0;
  const send = (): void => socket.send(queries[sent++ % queries.length] as Buffer, serverPort, "127.0.0.1");
  socket.on("message", () => {
    answered++;
    send();
  });
  for (let i = 0; i < inFlight; i++) send();
  await realClock.sleep(runMs);
  process.stdout.write(String(answered));
  process.exit(0);
}
