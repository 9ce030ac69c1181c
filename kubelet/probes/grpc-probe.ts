import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { formatDuration } from "../../apimachinery/time/duration.ts";
import { onAbort } from "../../base/cancellation.ts";
import { failure, hostPort, type ProbeOutcome, success } from "./probe-outcome.ts";

export interface GrpcProbe {
  readonly host: string;
  readonly port: number;
  readonly service: string;
  readonly timeoutMs: number;
  /** Aborts when time is up. */
  readonly signal: AbortSignal;
}

/** grpc.health.v1.HealthCheckResponse.ServingStatus, by number. */
const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;
const serving = 1;

/** Asks grpc.health.v1.Health (pkg/probe/grpc). */
export async function probeGrpc({ host, port, service, timeoutMs, signal }: GrpcProbe): Promise<ProbeOutcome> {
  const address = hostPort(host, port);
  const within = formatDuration(BigInt(timeoutMs) * 1_000_000n);
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.primary_user_agent": "kube-probe/1.36",
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
  });
  try {
    if (!(await connected(client, signal))) {
      const why = `failed to connect service ${goQuote(address)} within ${within}: context deadline exceeded`;
      return failure(`timeout: ${why}`);
    }
    const answer = await check(client, service, signal);
    if (answer.error === undefined) {
      if (answer.status === serving) return success("service healthy");
      const name = statuses[answer.status] ?? String(answer.status);
      return failure(`service unhealthy (responded with ${goQuote(name)})`);
    }
    if (signal.aborted) return failure(`timeout: health rpc did not complete within ${within}`);
    const { code, details } = answer.error;
    if (code === status.UNIMPLEMENTED)
      return failure(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`,
      );
    return failure(`error: health rpc probe failed: rpc error: code = ${goCode(code)} desc = ${details}`);
  } finally {
    client.close();
  }
}

/** Goes on trying until time is up: a server that does not listen yet may soon. */
function connected(client: Client, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = onAbort(signal, () => resolve(false));
    client.waitForReady(Number.POSITIVE_INFINITY, (error) => {
      limit[Symbol.dispose]();
      resolve(error === undefined);
    });
  });
}

type Answer =
  | { readonly status: number; readonly error?: never }
  | { readonly error: ServiceError; readonly status?: never };

function check(client: Client, service: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      encodeRequest,
      decodeResponse,
      service,
      new Metadata(),
      (error, answer) => {
        limit[Symbol.dispose]();
        resolve(error === null ? { status: answer ?? 0 } : { error });
      },
    );
    const limit = onAbort(signal, () => call.cancel());
  });
}

/** HealthCheckRequest: the service's name as field 1, where there is one. */
export function encodeRequest(service: string): Buffer {
  const text = Buffer.from(service);
  if (text.length === 0) return text;
  const length: number[] = [];
  for (let rest = text.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), text]);
}

/** HealthCheckResponse: the status as field 1, a varint; absent it is 0. */
export function decodeResponse(bytes: Buffer): number {
  return bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0;
}

/** `NotFound` for NOT_FOUND. */
function goCode(code: number): string {
  const name = status[code] ?? "UNKNOWN";
  if (name === "OK") return name;
  return name.toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
