import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { testTransport } from "../transport-contract.ts";
import { MemoryApi } from "./memory-api.ts";

testTransport("the server for tests keeps the contract of a transport", async () => ({
  transport: new MemoryApi({ clock: new VirtualClock(), random: new SeededRandom(1) }),
  stop: async () => {},
}));
