import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { builtInResources } from "../../api/mod.ts";
import { legacyTokenSigner } from "../../apiserver/authentication/legacy-token-signer.ts";
import { realClock, realRandom, silentLogger } from "../../base/mod.ts";
import { createClient } from "../../client/mod.ts";
import { type FakeNodesOptions, runFakeNodes } from "../../cluster/testing/fake-nodes.ts";
import { runAllControllers, signerRules } from "../../controllers/mod.ts";
import { runScheduler } from "../../scheduler/mod.ts";
import { eventually } from "./eventually.ts";
import { type HttpClient, http2Client } from "./http.ts";
import { type HttpsServer, type HttpsServerOptions, startHttpsServer } from "./https-server.ts";
import { type Form, type Target, type Thing, TypedResource } from "./typed-client.ts";

/** The cluster that upstream's conformance tests are given. */
export interface Upstream {
  readonly https: HttpsServer;
  /** As system:masters. */
  readonly admin: HttpClient;
  /** A namespace of the test's own, once pods may be made in it. */
  makeNamespace(labels?: Readonly<Record<string, string>>): Promise<string>;
  /** A built-in resource by its plural, or `plural.group` where two groups have it. Default form protobuf. */
  typed(resource: string, namespace?: string): TypedResource;
  /** The same in JSON; also of a resource that is not built in. */
  dynamic(resource: string | Target, namespace?: string): TypedResource;
}

export interface UpstreamOptions extends HttpsServerOptions {
  /** All controllers run, none, or those of these names as upstream's `--controllers` takes them. Default all. */
  readonly controllers?: boolean | readonly string[];
  /** Names of nodes whose pods become ready without containers, and are bound in turn. */
  readonly nodes?: readonly string[];
  /** The real scheduler binds pods instead. */
  readonly scheduler?: boolean;
  /** Pods of theirs for which this is false never become ready. */
  readonly healthy?: FakeNodesOptions["healthy"];
}

/** Gives the tests of an area one server on HTTPS and HTTP/2. A test's name is upstream's title of it. */
export function describeUpstream(area: string, tests: (use: Upstream) => void, options: UpstreamOptions = {}): void {
  describe(area, { timeout: 120_000 }, () => {
    let https: HttpsServer;
    let admin: HttpClient;
    let count = 0;
    const stop = new AbortController();
    const running: Promise<void>[] = [];
    before(async () => {
      https = await startHttpsServer(options);
      admin = http2Client(https.port, https.admin);
      running.push(...startActors(https, options, stop.signal));
    });
    after(async () => {
      stop.abort();
      await Promise.all(running).finally(() => {
        admin?.close();
        return https?.close();
      });
    });
    const open = (resource: string | Target, namespace: string, form: Form): TypedResource => {
      const target = typeof resource === "string" ? builtIn(resource) : resource;
      return new TypedResource(admin, target, { namespace, form });
    };
    const use: Upstream = {
      get https() {
        return https;
      },
      get admin() {
        return admin;
      },
      typed: (resource, namespace = "") => open(resource, namespace, "protobuf"),
      dynamic: (resource, namespace = "") => open(resource, namespace, "json"),
      async makeNamespace(labels = {}) {
        const name = `e2e-${++count}`;
        await use.typed("namespaces").create({ metadata: { name, labels: { "e2e-run": "1", ...labels } } });
        const accounts = use.typed("serviceaccounts", name);
        if (options.controllers === false) await accounts.create({ metadata: { name: "default" } });
        await eventually(() => accounts.get("default"), { timeoutMs: 5_000, everyMs: 5 });
        return name;
      },
    };
    tests(use);
  });
}

function startActors(https: HttpsServer, options: UpstreamOptions, signal: AbortSignal): Promise<void>[] {
  const { server } = https;
  const parts = { clock: realClock, random: realRandom, logger: silentLogger };
  const running: Promise<void>[] = [];
  if (options.controllers !== false) {
    const clientAs = (user: Parameters<typeof server.transport>[0]) =>
      createClient(server.transport(user, "kube-controller-manager"));
    const ranges = { clusterCidr: ["10.244.0.0/16"], serviceCidrs: ["10.96.0.0/16"] };
    const signToken = legacyTokenSigner(https.serviceAccountKey);
    const authorities = Object.fromEntries(Object.keys(signerRules).map((name) => [name, () => https.authority]));
    const signing = { authorities, durationMs: 24 * 3_600_000 };
    const controllers = Array.isArray(options.controllers) ? options.controllers : ["*"];
    const own = { clientAs, rootCa: https.ca, signToken, signing, controllers };
    running.push(runAllControllers({ ...parts, ...own, ...ranges }, signal));
  }
  if (options.nodes) {
    const { nodes: names, healthy, scheduler = false } = options;
    const client = createClient(server.transport());
    if (scheduler) running.push(runScheduler({ ...parts, client }, signal));
    const nodes = { ...parts, client, names, binds: !scheduler, ...(healthy && { healthy }) };
    running.push(runFakeNodes(nodes, signal));
  }
  return running;
}

function builtIn(resource: string): Target {
  const [plural, ...group] = resource.split(".");
  const found = builtInResources.find(
    (one) => one.plural === plural && (group.length === 0 || one.group === group.join(".")),
  );
  assert.ok(found, `there is no ${resource}`);
  return found;
}

/** True where an object has all of these labels. */
export const hasLabels = (object: Thing, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value);
