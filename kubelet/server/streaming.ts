import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { isCriError } from "../../cri/errors.ts";
import { HttpError, type Upgrade } from "./answer.ts";
import type { KubeletServerOptions } from "./options.ts";
import { passToRuntime } from "./runtime-stream.ts";
import { containerSpec, podOf, runningContainer, type TargetPath } from "./targets.ts";
import { type StreamOptions, translate, v5Protocol } from "./translate.ts";
import { tunnel, tunnelledProtocols } from "./tunnel.ts";

type StreamingDeps = Pick<KubeletServerOptions, "api" | "runtime" | "clock">;

/** What there is to stream; how is decided by the request to upgrade. */
export interface StreamCall {
  readonly path: Omit<TargetPath, "container"> & { readonly container?: string };
  readonly query: URLSearchParams;
}

/** `/exec` and `/attach`: the runtime's URL, then whatever protocol the client speaks. Rejects with HttpError. */
export async function remoteCommand(
  deps: StreamingDeps,
  kind: "exec" | "attach",
  { path, query }: StreamCall,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const options = streamOptions(query);
  const target = { ...path, container: path.container ?? "" };
  const url = kind === "exec" ? await execUrl(deps, target, query, options) : await attachUrl(deps, target, options);
  if (upgrade === undefined) throw upgradeRequired();
  const offered = upgrade.request.headers["sec-websocket-protocol"] ?? "";
  if (isWebSocket(upgrade) && offered.split(",").some((name) => name.trim() === v5Protocol)) {
    return translate(upgrade, url, options);
  }
  return passToRuntime(upgrade, url, deps.clock);
}

/** `/portForward`. Rejects with HttpError. */
export async function portForward(
  deps: StreamingDeps,
  { path, query }: StreamCall,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const tunnelled =
    upgrade !== undefined &&
    isWebSocket(upgrade) &&
    tunnelledProtocols(upgrade.request.headers["sec-websocket-protocol"]).length > 0;
  const port = tunnelled || upgrade === undefined || !isWebSocket(upgrade) ? [] : portsOf(query);
  const pod = podOf(deps.api, path);
  const podSandboxId = await deps.api.sandboxOf(pod);
  if (podSandboxId === undefined) {
    throw new HttpError(500, `pod not found (${goQuote(`${path.podName}_${path.namespace}`)})`);
  }
  const { url } = await ask(deps.runtime.portForward({ podSandboxId, port }));
  if (upgrade === undefined) throw upgradeRequired();
  return tunnelled ? tunnel(upgrade, url) : passToRuntime(upgrade, url, deps.clock);
}

async function execUrl(
  { api, runtime }: StreamingDeps,
  path: TargetPath,
  query: URLSearchParams,
  options: StreamOptions,
): Promise<string> {
  const { containerId } = await runningContainer(api, path);
  return (await ask(runtime.exec({ containerId, cmd: query.getAll("command"), ...options }))).url;
}

async function attachUrl({ api, runtime }: StreamingDeps, path: TargetPath, options: StreamOptions): Promise<string> {
  const missing = `container ${path.container} not found in pod ${path.podName}_${path.namespace}`;
  const { containerId, pod } = await runningContainer(api, path, missing);
  // A terminal is there or not since the container was made.
  const tty = containerSpec(pod, path.container)?.tty === true;
  return (await ask(runtime.attach({ containerId, ...options, tty, stderr: options.stderr && !tty }))).url;
}

/** cri-streaming/pkg/streaming/remotecommand NewOptions. */
function streamOptions(query: URLSearchParams): StreamOptions {
  const given = (name: string): boolean => query.get(name) === "1";
  const tty = given("tty");
  const stderr = given("error") && !tty;
  const options = { stdin: given("input"), stdout: given("output"), stderr, tty };
  if (!options.stdin && !options.stdout && !options.stderr) {
    throw new HttpError(400, "you must specify at least 1 of stdin, stdout, stderr");
  }
  return options;
}

/** The ports of the protocol that names them in its URL (portforward.NewV4Options). */
function portsOf(query: URLSearchParams): readonly number[] {
  const ports = query.getAll("port").flatMap((text) => text.split(","));
  if (ports.length === 0) throw new HttpError(400, 'query parameter "port" is required');
  return ports.map((text) => {
    if (text === "") throw new HttpError(400, 'query parameter "port" cannot be empty');
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 65_535) {
      throw new HttpError(
        400,
        `unable to parse ${goQuote(text)} as a port: strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`,
      );
    }
    if (port < 1) throw new HttpError(400, `port ${goQuote(text)} must be > 0`);
    return port;
  });
}

/** What the runtime refuses, as HTTP (cri-streaming/pkg/streaming WriteError). */
async function ask<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (isCriError(error, "NotFound")) throw new HttpError(404, message);
    if (isCriError(error, "ResourceExhausted")) throw new HttpError(429, message, { "retry-after": "60" });
    throw new HttpError(500, message);
  }
}

function isWebSocket({ request }: Upgrade): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

function upgradeRequired(): HttpError {
  return new HttpError(500, "Upgrade request required\n");
}
