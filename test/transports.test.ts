import { realClock } from "../base/mod.ts";
import { createHttpTransport } from "../client/http-transport.ts";
import { testTransport } from "../client/transport-contract.ts";
import { startCluster } from "../cluster/cluster.ts";
import { startHttpsServer } from "./support/https-server.ts";

testTransport("in process, the contract of a transport holds", async () => {
  const cluster = await startCluster();
  const user = { username: "admin", groups: ["system:masters", "system:authenticated"] };
  return { transport: cluster.transport(user), stop: () => cluster.close() };
});

testTransport("over HTTPS, the contract of a transport holds", async () => {
  const { port, admin, close } = await startHttpsServer();
  const transport = createHttpTransport({ server: `https://127.0.0.1:${port}`, ...admin }, { clock: realClock });
  return { transport, stop: close };
});
