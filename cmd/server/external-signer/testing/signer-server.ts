import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { decodeInto, MessageWriter } from "../../../../storage/protobuf.ts";

export interface SupportedKey {
  readonly keyId: string;
  readonly key: KeyObject;
  readonly excluded?: boolean;
}

/** A signer on a socket, to be turned and broken by tests. */
export interface SignerServer {
  readonly socket: string;
  /** Signs with RS256. */
  signingKey: KeyObject;
  keyId: string;
  algorithm: string;
  type: string;
  keys: readonly SupportedKey[];
  refreshHintSeconds: number;
  maxExpirationSeconds: number;
  /** Seconds since 1970. */
  dataTimestamp: number;
  /** Calls of FetchKeys so far. */
  fetched: number;
  close(): void;
}

const text = (value: string): Uint8Array => Buffer.from(value);

export async function startSignerServer(socket: string, key: KeyObject): Promise<SignerServer> {
  const server = new Server();
  const state: SignerServer = {
    socket,
    signingKey: key,
    keyId: "kid-1",
    algorithm: "RS256",
    type: "JWT",
    keys: [{ keyId: "kid-1", key }],
    refreshHintSeconds: 600,
    maxExpirationSeconds: 86_400,
    dataTimestamp: 1_700_000_000,
    fetched: 0,
    close: () => server.forceShutdown(),
  };
  const answers: Readonly<Record<string, (request: Uint8Array) => Uint8Array>> = {
    Sign(request) {
      const { claims } = decodeInto({ claims: "" }, request, {
        1: (reader, message) => {
          message.claims = reader.string();
        },
      });
      const fields = { alg: state.algorithm, kid: state.keyId, typ: state.type };
      const header = Buffer.from(JSON.stringify(fields)).toString("base64url");
      const signature = sign("sha256", Buffer.from(`${header}.${claims}`), state.signingKey).toString("base64url");
      return new MessageWriter().bytes(1, text(header)).bytes(2, text(signature)).finish();
    },
    FetchKeys() {
      state.fetched += 1;
      const writer = new MessageWriter();
      for (const { keyId, key, excluded } of state.keys) {
        const der = createPublicKey(key).export({ type: "spki", format: "der" });
        writer.message(1, new MessageWriter().bytes(1, text(keyId)).bytes(2, der).bool(3, excluded).finish());
      }
      return writer
        .message(2, new MessageWriter().int(1, state.dataTimestamp).finish())
        .int(3, state.refreshHintSeconds)
        .finish();
    },
    Metadata: () => new MessageWriter().int(1, state.maxExpirationSeconds).finish(),
  };
  const service = Object.fromEntries(
    Object.keys(answers).map((name) => [
      name,
      {
        path: `/v1.ExternalJWTSigner/${name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: Buffer.from,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: Buffer.from,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    ]),
  );
  const implementation: UntypedServiceImplementation = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      (call: { request: Uint8Array }, done: (error: Error | null, value: Uint8Array) => void) =>
        done(null, answer(call.request)),
    ]),
  );
  server.addService(service as never, implementation);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return state;
}
