import type { ContainerPort, EnvVar, Probe } from "../../api/generated/types/core-v1.ts";
import { signalWithTimeout } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import { execSync, type RuntimeService } from "../../cri/mod.ts";
import { expand } from "../container/expansion.ts";
import { resolveContainerPort } from "./container-port.ts";
import { probeGrpc } from "./grpc-probe.ts";
import { probeHttp, probeUrl } from "./http-probe.ts";
import { failure, maxOutputBytes, type ProbeOutcome, success, unknown } from "./probe-outcome.ts";
import { probeTcp } from "./tcp-probe.ts";

/** What a probe is made of and against. */
export interface ProbeTarget {
  readonly probe: Probe;
  readonly containerId: string;
  readonly podIP: string;
  readonly ports: readonly ContainerPort[];
  readonly env: readonly EnvVar[];
}

export interface ProbeTools {
  readonly clock: Clock;
  readonly runtime: Pick<RuntimeService, "execSync">;
}

/** Beyond its own timeout, which the runtime keeps, a command may take this long to be answered. */
const execGraceMs = 5000;

/** Makes one probe (pkg/kubelet/prober). Takes no longer than its timeout. Rejects only with the signal's reason. */
export async function runProbe(target: ProbeTarget, tools: ProbeTools, signal: AbortSignal): Promise<ProbeOutcome> {
  const { probe, podIP, ports } = target;
  const timeoutMs = Math.max(1, probe.timeoutSeconds) * 1000;
  const patienceMs = probe.exec === undefined ? timeoutMs : timeoutMs + execGraceMs;
  using limit = signalWithTimeout({ clock: tools.clock, timeoutMs: patienceMs, signal });
  try {
    const outcome = await makeProbe();
    signal.throwIfAborted();
    return outcome;
  } catch (error) {
    signal.throwIfAborted();
    return unknown(error instanceof Error ? error.message : String(error));
  }

  async function makeProbe(): Promise<ProbeOutcome> {
    const { exec, httpGet, tcpSocket, grpc } = probe;
    if (exec !== undefined) return probeExec(target, tools, limit.signal);
    if (httpGet !== undefined) {
      const url = probeUrl(httpGet, podIP, resolveContainerPort(httpGet.port, ports));
      return probeHttp({ url, headers: httpGet.httpHeaders ?? [], signal: limit.signal });
    }
    if (tcpSocket !== undefined) {
      const port = resolveContainerPort(tcpSocket.port, ports);
      return probeTcp({ host: tcpSocket.host || podIP, port, signal: limit.signal });
    }
    if (grpc !== undefined)
      return probeGrpc({ host: podIP, port: grpc.port, service: grpc.service, timeoutMs, signal: limit.signal });
    return unknown("missing probe handler");
  }
}

async function probeExec(
  { probe, containerId, env }: ProbeTarget,
  { runtime }: ProbeTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  // Only what the pod says itself: the container's environment as a whole is not known here, as upstream.
  const values = new Map(env.map(({ name, value = "" }) => [name, value]));
  const command = (probe.exec?.command ?? []).map((part) => expand(part, (name) => values.get(name)));
  const timeoutSeconds = Math.max(1, probe.timeoutSeconds);
  const result = await execSync({ runtime, containerId, command, timeoutSeconds, signal });
  if (result.kind === "timed-out") return failure(result.message);
  const output = Buffer.concat([result.stdout, result.stderr]).subarray(0, maxOutputBytes).toString();
  return result.exitCode === 0 ? success(output) : failure(output);
}
