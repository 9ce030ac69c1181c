import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { decodeMessage, encodeMessage } from "../codec.ts";
import { CriError } from "../errors.ts";
import { type MethodDescription, methods } from "../generated/services.ts";
import type { ImageService } from "../image-service.ts";
import type { RuntimeService } from "../runtime-service.ts";

type Handler = (request: object, signal: AbortSignal) => Promise<object> | AsyncIterable<object>;

/** The names of gRPC's codes as Go and as grpc-js spell them. */
const codeNumbers = new Map(
  Object.entries(status).map(([name, number]) => [name.replaceAll("_", "").toLowerCase(), number]),
);

/** Serves a runtime, a fake one say, at a unix socket, as the real ones are. Dispose to stop. */
export async function serveRuntime(
  socketPath: string,
  services: { readonly runtime: RuntimeService; readonly images: ImageService },
): Promise<AsyncDisposable> {
  const server = new Server();
  for (const service of ["RuntimeService", "ImageService"] as const) {
    const target = (service === "RuntimeService" ? services.runtime : services.images) as unknown as Record<
      string,
      Handler
    >;
    const own = Object.entries(methods).filter(([, { path }]) => path.includes(`.${service}/`));
    const definition: Record<string, ServiceDefinition[string]> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of own) {
      definition[name] = definitionOf(method);
      const handle: Handler = (request, signal) => target[name]!.call(target, request, signal);
      implementation[name] = method.streams ? streaming(handle) : unary(handle);
    }
    server.addService(definition, implementation);
  }
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return {
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

function definitionOf({ path, request, response, streams }: MethodDescription): ServiceDefinition[string] {
  return {
    path,
    requestStream: false,
    responseStream: streams,
    requestSerialize: (value: object) => Buffer.from(encodeMessage(request, value)),
    requestDeserialize: (bytes: Buffer) => decodeMessage(request, bytes),
    responseSerialize: (value: object) => Buffer.from(encodeMessage(response, value)),
    responseDeserialize: (bytes: Buffer) => decodeMessage(response, bytes),
  };
}

interface Call {
  readonly request: object;
  on(event: "cancelled", listener: () => void): unknown;
}

function unary(handle: Handler) {
  return (call: Call, done: (error: object | null, answer?: object) => void): void => {
    (handle(call.request, signalOf(call)) as Promise<object>).then(
      (answer) => done(null, answer),
      (error: unknown) => done(serviceError(error)),
    );
  };
}

function streaming(handle: Handler) {
  return async (
    call: Call & { write(value: object): boolean; end(): void; destroy(error: Error): void },
  ): Promise<void> => {
    try {
      for await (const answer of handle(call.request, signalOf(call)) as AsyncIterable<object>) call.write(answer);
      call.end();
    } catch (error) {
      call.destroy(serviceError(error));
    }
  };
}

function signalOf(call: Call): AbortSignal {
  const end = new AbortController();
  call.on("cancelled", () => end.abort());
  return end.signal;
}

function serviceError(error: unknown): Error {
  const code =
    error instanceof CriError ? codeNumbers.get(error.code.replace("Canceled", "Cancelled").toLowerCase()) : undefined;
  const details = error instanceof CriError ? error.details : String(error);
  return Object.assign(new Error(details), { code: code ?? status.UNKNOWN, details });
}
