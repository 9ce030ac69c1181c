import type { Clock } from "../base/mod.ts";
import { decodeMessage, encodeMessage } from "./codec.ts";
import { Connection } from "./connection.ts";
import { type MethodDescription, methods } from "./generated/services.ts";
import type { ImageService } from "./image-service.ts";
import type { Init } from "./init.ts";
import type { RuntimeService } from "./runtime-service.ts";

export interface CriClientOptions {
  readonly clock: Clock;
  /** Path of the runtime's unix socket. */
  readonly socketPath: string;
  /** What a call may take, milliseconds: 2 min if not given. Some have more: see `timeoutOf`. */
  readonly timeoutMs?: number;
}

/** A runtime behind a socket. */
export interface CriClient extends RuntimeService, ImageService {
  /** Under it, the runtime may have an API of its own: see `containerEvents`. */
  readonly connection: Connection;
  /** Calls under way and later ones reject. */
  close(): void;
}

const defaultTimeoutMs = 120_000;

/**
 * A client of the container runtime at a unix socket. It connects with the first call and again after the runtime was
 * restarted; while nobody listens, calls reject with `Unavailable` at once. Every method rejects with `CriError`.
 */
export function createCriClient({ clock, socketPath, timeoutMs = defaultTimeoutMs }: CriClientOptions): CriClient {
  const connection = new Connection({ clock, socketPath });
  const client: Record<string, unknown> = { connection, close: () => connection.close() };
  for (const [name, method] of Object.entries(methods))
    client[name] = method.streams ? streamOf(connection, method) : callOf(connection, { name, method, timeoutMs });
  return client as unknown as CriClient;
}

interface Call {
  readonly name: string;
  readonly method: MethodDescription;
  readonly timeoutMs: number;
}

function callOf(connection: Connection, { name, method, timeoutMs }: Call) {
  const { path, request: requestName, response } = method;
  return async (request: Init<object>, signal?: AbortSignal): Promise<object> => {
    const bytes = encodeMessage(requestName, request);
    const limit = timeoutOf(name, request, timeoutMs);
    return decodeMessage(response, await connection.call({ path, request: bytes, timeoutMs: limit, signal }));
  };
}

function streamOf(connection: Connection, { path, request: requestName, response }: MethodDescription) {
  return async function* stream(request: Init<object>, signal?: AbortSignal): AsyncGenerator<object, undefined> {
    for await (const bytes of connection.stream({ path, request: encodeMessage(requestName, request), signal }))
      yield decodeMessage(response, bytes);
  };
}

/**
 * As upstream's client sets them: a sandbox may take twice as long, what has a limit of its own gets that on top, a pull and a
 * command without a limit take what they take (staging/src/k8s.io/cri-client/pkg/remote_runtime.go and remote_image.go).
 */
export function timeoutOf(
  method: string,
  request: { readonly timeout?: number },
  timeoutMs: number,
): number | undefined {
  const ownMs = (request.timeout ?? 0) * 1_000;
  switch (method) {
    case "runPodSandbox":
      return timeoutMs * 2;
    case "stopContainer":
      return timeoutMs + ownMs;
    case "execSync":
      return ownMs === 0 ? undefined : timeoutMs + ownMs;
    case "checkpointContainer":
      return Math.max(timeoutMs, ownMs);
    case "pullImage":
      return undefined;
    default:
      return timeoutMs;
  }
}
