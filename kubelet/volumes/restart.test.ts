import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Transport, TransportRequest, WatchEvent } from "../../apimachinery/resource/transport.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { silentLogger } from "../../base/logger.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { createClient } from "../../client/client.ts";
import { createReferencedObjects } from "../objects/create-referenced-objects.ts";
import { createPodVolumes, type NodeVolumes } from "./create-pod-volumes.ts";
import type { Mount, Mounts } from "./mounts.ts";

const pod = {
  metadata: { name: "p", namespace: "ns", uid: "u" },
  spec: {
    serviceAccountName: "robot",
    securityContext: {},
    containers: [
      {
        name: "c",
        volumeMounts: [
          { name: "token", mountPath: "/t" },
          { name: "data", mountPath: "/d" },
        ],
      },
    ],
    volumes: [
      {
        name: "token",
        projected: {
          defaultMode: 0o644,
          sources: [{ serviceAccountToken: { path: "token", expirationSeconds: 3607 } }],
        },
      },
      { name: "data", emptyDir: {} },
    ],
  },
} as unknown as Pod;

/** Issues tokens, numbered, and knows no objects. */
function issuer(clock: VirtualClock): { transport: Transport; state: { issued: number; refuses: boolean } } {
  const state = { issued: 0, refuses: false };
  const transport = {
    async request({ body }: TransportRequest) {
      if (state.refuses) throw new Error("no server");
      const expirationTimestamp = formatTime(clock.now() + 3_607_000);
      return {
        object: { ...(body as object), status: { token: `token${++state.issued}`, expirationTimestamp } },
        warnings: [],
      };
    },
    async *watch(): AsyncGenerator<WatchEvent> {},
    close: async () => {},
  } as unknown as Transport;
  return { transport, state };
}

function imaginedMounts(): Mounts {
  const made: Mount[] = [{ path: "/", type: "ext4", shared: true }];
  const add = async (path: string): Promise<void> => void made.push({ path, type: "tmpfs", shared: true });
  return { list: async () => made, tmpfs: add, bind: add, share: add, unmount: async () => void made.pop() };
}

/** The disk does not know of virtual time. */
const disk = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 100));

test("a token's file is renewed in time, and what is on the disk outlives the kubelet", async () => {
  const rootDir = realpathSync(mkdtempSync(join(tmpdir(), "k8ts-volumes-")));
  const clock = new VirtualClock();
  const { transport, state } = issuer(clock);
  const mounts = imaginedMounts();
  const shared = { client: createClient(transport), clock, random: new SeededRandom(1), logger: silentLogger };
  const asKubelet = async (use: (volumes: NodeVolumes, signal: AbortSignal) => Promise<void>): Promise<void> => {
    const stop = new AbortController();
    const objects = createReferencedObjects(shared, stop.signal);
    const options = { ...shared, rootDir, objects, allocatable: () => ({}), mounts };
    await use(createPodVolumes(options, stop.signal), stop.signal);
    stop.abort();
    await objects.ended;
  };
  try {
    await asKubelet(async (volumes, signal) => {
      const made = await volumes.prepare(pod, signal);
      const file = join(made.get("token")!.hostPath, "token");
      writeFileSync(join(made.get("data")!.hostPath, "a"), "1");
      assert.equal(readFileSync(file, "utf8"), "token1");
      await clock.advance(2_870_000);
      assert.equal(readFileSync(file, "utf8"), "token1");
      state.refuses = true;
      await clock.advance(20_000);
      await disk();
      assert.equal(readFileSync(file, "utf8"), "token1", "the old one stays");
      state.refuses = false;
      await clock.advance(60_000);
      for (let i = 0; i < 50 && readFileSync(file, "utf8") === "token1"; i++) await disk();
      assert.equal(readFileSync(file, "utf8"), "token2", "and is renewed as soon as can be");
    });
    assert.equal(clock.pendingTimers, 0, "nothing goes on after the kubelet");
    await asKubelet(async (volumes, signal) => {
      assert.deepEqual(await volumes.known(), ["u"]);
      const made = await volumes.prepare(pod, signal);
      assert.equal(readFileSync(join(made.get("data")!.hostPath, "a"), "utf8"), "1");
      await volumes.remove("u");
      assert.deepEqual(await volumes.known(), []);
    });
    await asKubelet(async (volumes, signal) => {
      await volumes.prepare(pod, signal);
    });
    await asKubelet(async (volumes) => {
      await volumes.remove("u");
      assert.deepEqual(await volumes.known(), [], "a pod that is known by its disk alone goes, too");
    });
  } finally {
    rmSync(rootDir, { recursive: true });
  }
});
