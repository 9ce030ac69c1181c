import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  CoordinationV1Api,
  CoreV1Api,
  type KubeConfig,
  makeInformer,
  RbacAuthorizationV1Api,
  type V1ConfigMap,
  V1MicroTime,
  Watch,
} from "@kubernetes/client-node";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { adminConfig, configThrough, refusal, tokenConfig } from "./clients.ts";
import { startCutOff } from "./cut-off.ts";

const namespace = "default";
const path = `/api/v1/namespaces/${namespace}/configmaps`;

/** Resolves once `done` holds; fails after five seconds. */
async function eventually(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 250; i++) {
    if (await done()) return;
    await delay(20);
  }
  assert.fail(`never: ${what}`);
}

describe("@kubernetes/client-node", { timeout: 300_000 }, () => {
  let server: ServerProcess;
  let admin: KubeConfig;
  let core: CoreV1Api;

  before(async () => {
    server = await startServerProcess("server");
    admin = adminConfig(server);
    core = admin.makeApiClient(CoreV1Api);
  });
  after(() => server?.stop());

  const create = (name: string, labels: Record<string, string> = {}): Promise<V1ConfigMap> =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } });

  test("watches from a revision on, and ends when told", async () => {
    const { metadata } = await core.listNamespacedConfigMap({ namespace });
    const events: string[] = [];
    let ended = false;
    const request = await new Watch(admin).watch(
      path,
      { resourceVersion: metadata?.resourceVersion, labelSelector: "watched" },
      (type, object: V1ConfigMap) => events.push(`${type} ${object.metadata?.name}`),
      () => {
        ended = true;
      },
    );
    await create("other");
    const watched = await create("watched", { watched: "yes" });
    await core.replaceNamespacedConfigMap({ namespace, name: "watched", body: { ...watched, data: { a: "1" } } });
    await core.deleteNamespacedConfigMap({ namespace, name: "watched" });
    await eventually(() => events.length === 3, "three events");
    assert.deepEqual(events, ["ADDED watched", "MODIFIED watched", "DELETED watched"]);
    request.abort();
    await eventually(() => ended, "the watch ends");
  });

  for (const who of ["a client certificate", "a service account's token"]) {
    test(`an informer with ${who} sees what is there, what changes, and comes back after a broken connection`, async () => {
      const way = await startCutOff(server.port);
      const config = configThrough(who.includes("token") ? await robot("robot") : admin, way.port);
      const client = config.makeApiClient(CoreV1Api);
      const label = who.includes("token") ? "token" : "certificate";
      const name = (suffix: string): string => `${label}-${suffix}`;
      await create(name("first"), { informer: label });
      const informer = makeInformer<V1ConfigMap>(
        config,
        path,
        () => client.listNamespacedConfigMap({ namespace, labelSelector: `informer=${label}` }),
        `informer=${label}`,
      );
      const events: string[] = [];
      for (const verb of ["add", "update", "delete"] as const) {
        informer.on(verb, (object) => events.push(`${verb} ${object.metadata?.name}`));
      }
      let broken = 0;
      let stopped = false;
      informer.on("error", () => {
        broken++;
        if (!stopped) setTimeout(() => void informer.start(), 50);
      });
      await informer.start();
      try {
        await eventually(() => events.includes(`add ${name("first")}`), "the first is there");
        const second = await create(name("second"), { informer: label });
        await core.replaceNamespacedConfigMap({
          namespace,
          name: name("second"),
          body: { ...second, data: { a: "1" } },
        });
        await core.deleteNamespacedConfigMap({ namespace, name: name("first") });
        await eventually(() => events.includes(`delete ${name("first")}`), "the first is gone");
        assert.deepEqual(events, [
          `add ${name("first")}`,
          `add ${name("second")}`,
          `update ${name("second")}`,
          `delete ${name("first")}`,
        ]);
        way.cut();
        await create(name("third"), { informer: label });
        await eventually(() => events.includes(`add ${name("third")}`), "the third after the break");
        assert.deepEqual(
          informer
            .list()
            .map(({ metadata }) => metadata?.name)
            .sort(),
          [name("second"), name("third")],
        );
        assert.ok(broken > 0, "the break was seen");
      } finally {
        stopped = true;
        await informer.stop();
        await way.close();
      }
    });
  }

  test("one of two candidates leads, the other takes over when the lease runs out", async () => {
    const leases = admin.makeApiClient(CoordinationV1Api);
    const log: string[] = [];
    const candidates = ["a", "b"].map((identity) => new Candidate(leases, identity, log));
    const running = candidates.map((candidate) => candidate.run());
    await eventually(() => candidates.some(({ leads }) => leads), "somebody leads");
    await delay(300);
    assert.equal(candidates.filter(({ leads }) => leads).length, 1);
    const leader = candidates.find(({ leads }) => leads)!;
    const other = candidates.find((one) => one !== leader)!;
    leader.stop();
    await eventually(() => other.leads, "the other leads");
    other.stop();
    await Promise.all(running);
    assert.deepEqual(log, [leader.identity, other.identity]);
    const lease = await leases.readNamespacedLease({ namespace, name: "leader" });
    assert.equal(lease.spec?.holderIdentity, other.identity);
    assert.equal(lease.spec?.leaseTransitions, 1);
    const stale = { ...lease, metadata: { ...lease.metadata, resourceVersion: "1" } };
    assert.equal((await refusal(leases.replaceNamespacedLease({ namespace, name: "leader", body: stale }))).code, 409);
  });

  async function robot(name: string): Promise<KubeConfig> {
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
    await admin.makeApiClient(RbacAuthorizationV1Api).createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      },
    });
    const body = { spec: { audiences: [], expirationSeconds: 600 } };
    const { status } = await core.createNamespacedServiceAccountToken({ namespace, name, body });
    return tokenConfig(server, status?.token ?? "");
  }
});

/** A candidate over one Lease: takes it where nobody holds it or its time is over, renews it while it leads. */
class Candidate {
  readonly identity: string;
  leads = false;
  readonly #leases: CoordinationV1Api;
  readonly #log: string[];
  #stopped = false;

  constructor(leases: CoordinationV1Api, identity: string, log: string[]) {
    this.#leases = leases;
    this.identity = identity;
    this.#log = log;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const leads = await this.#tryOnce();
      if (leads && !this.leads) this.#log.push(this.identity);
      this.leads = leads;
      await delay(50);
    }
    this.leads = false;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #tryOnce(): Promise<boolean> {
    const name = "leader";
    const now = new V1MicroTime();
    const mine = { holderIdentity: this.identity, leaseDurationSeconds: 1, renewTime: now };
    try {
      const lease = await this.#leases.readNamespacedLease({ namespace, name });
      const { holderIdentity, renewTime, leaseTransitions = 0, acquireTime = now } = lease.spec ?? {};
      const held = holderIdentity === this.identity;
      const over = renewTime === undefined || Date.now() - Date.parse(String(renewTime)) > 1_000;
      if (!held && !over) return false;
      const spec = held
        ? { ...mine, acquireTime, leaseTransitions }
        : { ...mine, acquireTime: now, leaseTransitions: leaseTransitions + 1 };
      await this.#leases.replaceNamespacedLease({ namespace, name, body: { ...lease, spec } });
      return true;
    } catch (error) {
      if ((error as { code?: number }).code === 409) return false;
      if ((error as { code?: number }).code !== 404) throw error;
    }
    const spec = { ...mine, acquireTime: now, leaseTransitions: 0 };
    const created = this.#leases.createNamespacedLease({ namespace, body: { metadata: { name }, spec } });
    return created.then(
      () => true,
      () => false,
    );
  }
}
