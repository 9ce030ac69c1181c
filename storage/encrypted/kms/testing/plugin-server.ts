import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Random } from "../../../../base/mod.ts";
import { decodeInto, MessageWriter, readBytes } from "../../../protobuf.ts";

/** A plugin on a socket that keeps its keys in memory, to be turned and broken by tests. */
export interface PluginServer {
  readonly endpoint: string;
  /** The key that encrypts from now on. */
  keyId: string;
  healthz: string;
  /** It takes calls and never answers. */
  hangs: boolean;
  /** How often it has been asked to decrypt. */
  decrypted: number;
  close(): void;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const keyOf = (id: string): Uint8Array => createHash("sha256").update(`key ${id}`).digest();

export async function startPluginServer(socket: string, random: Random): Promise<PluginServer> {
  const server = new Server();
  const state: PluginServer = {
    endpoint: `unix://${socket}`,
    keyId: "1",
    healthz: "ok",
    hangs: false,
    decrypted: 0,
    close: () => server.forceShutdown(),
  };
  const answers: Readonly<Record<string, (request: Uint8Array) => Uint8Array>> = {
    Status: () =>
      new MessageWriter().bytes(1, utf8("v2")).bytes(2, utf8(state.healthz)).bytes(3, utf8(state.keyId)).finish(),
    Encrypt(request) {
      const { plaintext } = decodeInto({ plaintext: new Uint8Array(0) as Uint8Array }, request, {
        1: (reader, message) => {
          message.plaintext = readBytes(reader);
        },
      });
      const iv = random.bytes(16);
      const cipher = createCipheriv("aes-256-cbc", keyOf(state.keyId), iv);
      const ciphertext = Buffer.concat([iv, cipher.update(plaintext), cipher.final()]);
      const annotation = new MessageWriter().bytes(1, utf8("local.example.com")).bytes(2, utf8("x")).finish();
      return new MessageWriter().bytes(1, ciphertext).bytes(2, utf8(state.keyId)).message(3, annotation).finish();
    },
    Decrypt(request) {
      state.decrypted += 1;
      const { ciphertext, keyId } = decodeInto({ ciphertext: new Uint8Array(0) as Uint8Array, keyId: "" }, request, {
        1: (reader, message) => {
          message.ciphertext = readBytes(reader);
        },
        3: (reader, message) => {
          message.keyId = reader.string();
        },
      });
      const decipher = createDecipheriv("aes-256-cbc", keyOf(keyId), ciphertext.subarray(0, 16));
      const plaintext = Buffer.concat([decipher.update(ciphertext.subarray(16)), decipher.final()]);
      return new MessageWriter().bytes(1, plaintext).finish();
    },
  };
  const service = Object.fromEntries(
    Object.keys(answers).map((name) => [
      name,
      {
        path: `/v2.KeyManagementService/${name}`,
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
      (call: { request: Uint8Array }, done: (error: Error | null, value: Uint8Array) => void) => {
        if (!state.hangs) done(null, answer(call.request));
      },
    ]),
  );
  server.addService(service as never, implementation);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(state.endpoint, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return state;
}
