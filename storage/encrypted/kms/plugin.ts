import { Client, credentials } from "@grpc/grpc-js";
import type { Clock, Random } from "../../../base/mod.ts";
import {
  type DecryptRequest,
  decodeDecrypt,
  decodeEncrypt,
  decodeStatus,
  type EncryptResponse,
  encodeDecrypt,
  encodeEncrypt,
  type StatusResponse,
} from "./messages.ts";

/** Whoever keeps the keys that encrypt keys. Calls reject with gRPC's error, or once they have taken too long. */
export interface KeyManagementPlugin {
  status(): Promise<StatusResponse>;
  encrypt(plaintext: Uint8Array): Promise<EncryptResponse>;
  decrypt(request: Omit<DecryptRequest, "uid">): Promise<Uint8Array>;
  close(): void;
}

export interface PluginOptions {
  /** `unix:///path/of/socket` */
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** A plugin of KMS v2 behind its socket (service `v2.KeyManagementService`). */
export function keyManagementPlugin({ endpoint, timeoutMs, clock, random }: PluginOptions): KeyManagementPlugin {
  const client = new Client(endpoint, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
  });
  const call = <T>(method: string, request: Uint8Array, decode: (bytes: Uint8Array) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const path = `/v2.KeyManagementService/${method}`;
      const sent = client.makeUnaryRequest(path, Buffer.from, decode, request, (error, answer) => {
        timer.clear();
        if (error === null) resolve(answer as T);
        else reject(error);
      });
      const timer = clock.setTimer(timeoutMs, () => {
        reject(new Error("rpc error: code = DeadlineExceeded desc = context deadline exceeded"));
        sent.cancel();
      });
    });
  return {
    status: () => call("Status", new Uint8Array(0), decodeStatus),
    encrypt: (plaintext) => call("Encrypt", encodeEncrypt(plaintext, random.uuid()), decodeEncrypt),
    decrypt: (request) => call("Decrypt", encodeDecrypt({ ...request, uid: random.uuid() }), decodeDecrypt),
    close: () => client.close(),
  };
}
