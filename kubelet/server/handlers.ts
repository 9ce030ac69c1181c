import type { ServerResponse } from "node:http";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { metricsContentType } from "../../base/metrics-text.ts";
import { HttpError, type Upgrade } from "./answer.ts";
import { serveContainerLogs } from "./container-logs.ts";
import type { HealthCheck, KubeletServerOptions } from "./options.ts";
import { runningPods } from "./running-pods.ts";
import { portForward, remoteCommand } from "./streaming.ts";
import { runningContainer } from "./targets.ts";

/** A request that may be answered. */
export interface Call {
  readonly options: KubeletServerOptions;
  /** Decoded segments of the path, the first without its slash. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/** Answers by `response`, or where the client asks for another protocol, takes over the connection. */
export type Handler = (call: Call, response: ServerResponse | undefined, upgrade?: Upgrade) => Promise<void>;

export interface Route {
  readonly methods: readonly string[];
  readonly handler: Handler;
}

const get = ["GET", "HEAD"];
const streams = ["GET", "POST"];

/** What the kubelet serves, by the first segment of the path. */
export const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["healthz", { methods: get, handler: health }],
  ["pods", { methods: get, handler: pods }],
  ["runningpods", { methods: get, handler: listRunningPods }],
  ["containerLogs", { methods: get, handler: containerLogs }],
  ["exec", { methods: streams, handler: (call, _, upgrade) => stream("exec", call, upgrade) }],
  ["attach", { methods: streams, handler: (call, _, upgrade) => stream("attach", call, upgrade) }],
  ["portForward", { methods: streams, handler: forward }],
  ["run", { methods: ["POST"], handler: run }],
  ["stats", { methods: get, handler: stats }],
  ["metrics", { methods: get, handler: metrics }],
  ["configz", { methods: get, handler: configz }],
]);

export function notFound(): HttpError {
  return new HttpError(404, "404 page not found\n");
}

export function send(response: ServerResponse | undefined, contentType: string, body: string | Uint8Array): void {
  response?.writeHead(200, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
  response?.end(response.req.method === "HEAD" ? undefined : body);
}

const text = "text/plain; charset=utf-8";
const json = "application/json";

/** `/healthz`, or one check of it; `?verbose` names them (apiserver/pkg/server/healthz). */
async function health({ options, segments, query }: Call, response: ServerResponse | undefined): Promise<void> {
  const fine = (name: string): HealthCheck => ({ name, check: () => undefined });
  const checks = [fine("ping"), fine("log"), ...(options.checks ?? [])];
  const [, name, ...more] = segments;
  if (name !== undefined) {
    const check = checks.find((one) => one.name === name);
    if (check === undefined || more.length > 0) throw notFound();
    const failure = check.check();
    if (failure !== undefined) throw new HttpError(500, `internal server error: ${failure}\n`);
    return send(response, text, "ok");
  }
  const failed = checks.filter(({ check }) => check() !== undefined);
  const lines = checks.map((one) =>
    failed.includes(one) ? `[-]${one.name} failed: reason withheld\n` : `[+]${one.name} ok\n`,
  );
  if (failed.length > 0) throw new HttpError(500, `${lines.join("")}healthz check failed\n`);
  send(response, text, query.has("verbose") ? `${lines.join("")}healthz check passed\n` : "ok");
}

async function pods({ options, segments }: Call, response: ServerResponse | undefined): Promise<void> {
  if (segments.length > 1) throw notFound();
  sendPods(response, options.api.pods());
}

async function listRunningPods({ options }: Call, response: ServerResponse | undefined): Promise<void> {
  sendPods(response, await runningPods(options.runtime));
}

function sendPods(response: ServerResponse | undefined, list: readonly object[]): void {
  const items = list.map((pod) => ({ ...pod, kind: undefined, apiVersion: undefined }));
  send(response, json, `${JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items })}\n`);
}

async function containerLogs({ options, segments, query }: Call, response: ServerResponse | undefined): Promise<void> {
  const [, namespace, podName, container, ...more] = segments;
  if (namespace === undefined || podName === undefined || container === undefined || more.length > 0) throw notFound();
  if (response === undefined) throw new HttpError(400, "logs are no stream of their own");
  await serveContainerLogs(options, { namespace, podName, container, query }, response);
}

/** `/NAMESPACE/POD[/UID]/CONTAINER`. */
function targetPath(segments: readonly string[]) {
  const [, namespace, podName, ...rest] = segments;
  const container = rest.at(-1);
  if (namespace === undefined || podName === undefined || container === undefined || rest.length > 2) throw notFound();
  return { namespace, podName, container, uid: rest.length === 2 ? rest[0] : undefined };
}

async function stream(kind: "exec" | "attach", call: Call, upgrade: Upgrade | undefined): Promise<void> {
  const { options, segments, query } = call;
  await remoteCommand(options, kind, { path: targetPath(segments), query }, upgrade);
}

async function forward(
  { options, segments, query }: Call,
  _response: ServerResponse | undefined,
  upgrade?: Upgrade,
): Promise<void> {
  const [, namespace, podName, uid, ...more] = segments;
  if (namespace === undefined || podName === undefined || more.length > 0) throw notFound();
  await portForward(options, { path: { namespace, podName, uid }, query }, upgrade);
}

/** What a command writes, as bytes; `cmd` is split at spaces. */
async function run({ options, segments, query }: Call, response: ServerResponse | undefined): Promise<void> {
  const { containerId } = await runningContainer(options.api, targetPath(segments));
  const cmd = (query.get("cmd") ?? "").split(" ");
  try {
    const { stdout, stderr, exitCode } = await options.runtime.execSync({ containerId, cmd, timeout: 0 });
    const output = Buffer.concat([stdout, stderr]);
    if (exitCode !== 0) {
      throw new HttpError(500, `command ${goQuote(cmd.join(" "))} exited with ${exitCode}: ${output.toString("utf8")}`);
    }
    send(response, json, output);
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError(500, (error as Error).message);
  }
}

async function stats({ options, segments, query }: Call, response: ServerResponse | undefined): Promise<void> {
  if (options.stats === undefined || segments[1] !== "summary" || segments.length > 2) throw notFound();
  const only = query.get("only_cpu_and_memory");
  const onlyCPUAndMemory = only === "" || only === "true" || only === "1";
  const summary = await options.stats.summary({ onlyCPUAndMemory });
  send(response, json, `${JSON.stringify(summary, undefined, 1)}\n`);
}

async function metrics({ options, segments }: Call, response: ServerResponse | undefined): Promise<void> {
  const sources: Readonly<Record<string, (() => Promise<string>) | undefined>> = {
    "": async () => options.metrics?.render() ?? "",
    probes: async () => options.probeMetrics?.render() ?? "",
    resource: options.stats?.resourceMetrics?.bind(options.stats),
    cadvisor: options.stats?.containerMetrics?.bind(options.stats),
  };
  const [, name = "", ...more] = segments;
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source === undefined || more.length > 0) throw notFound();
  send(response, metricsContentType, await source());
}

async function configz({ options }: Call, response: ServerResponse | undefined): Promise<void> {
  send(response, json, JSON.stringify({ kubeletconfig: options.configuration?.() ?? {} }));
}
