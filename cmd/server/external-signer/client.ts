import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { Clock } from "../../../base/mod.ts";
import {
  decodeFetchKeysResponse,
  decodeMetadataResponse,
  decodeSignResponse,
  encodeSignRequest,
  type FetchKeysResponse,
  type SignJwtResponse,
} from "./messages.ts";
import type { SignerMetrics } from "./metrics.ts";

/** Whoever keeps the keys of service accounts' tokens. Calls reject with gRPC's error in Go's words, or once they have taken too long. */
export interface ExternalSigner {
  /** `claims`: base64url of their JSON. */
  sign(claims: string): Promise<SignJwtResponse>;
  fetchKeys(): Promise<FetchKeysResponse>;
  /** How long a token may live at most, in seconds. */
  maxExpirationSeconds(): Promise<number>;
  close(): void;
}

export interface ExternalSignerOptions {
  /** Path of a socket. */
  readonly socket: string;
  readonly clock: Clock;
  readonly metrics: SignerMetrics;
}

/** How long one that does not answer, or is not there yet, is waited for. */
const timeoutMs = { Sign: 30_000, FetchKeys: 60_000, Metadata: 10_000 } as const;

export class SignerCallError extends Error {
  override readonly name = "SignerCallError";
  /** gRPC's name of it: `Unavailable`. */
  readonly code: string;
  constructor(code: string, details: string, options?: ErrorOptions) {
    super(`rpc error: code = ${code} desc = ${details}`, options);
    this.code = code;
  }
}

export function externalSigner({ socket, clock, metrics }: ExternalSignerOptions): ExternalSigner {
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.default_authority": "localhost",
  });
  const call = <T>(
    method: keyof typeof timeoutMs,
    request: Uint8Array,
    decode: (bytes: Uint8Array) => T,
  ): Promise<T> => {
    const path = `/v1.ExternalJWTSigner/${method}`;
    const startedMs = clock.monotonicMs();
    const answer = new Promise<T>((resolve, reject) => {
      // It may start after the server.
      const metadata = new Metadata({ waitForReady: true });
      const sent = client.makeUnaryRequest(path, Buffer.from, decode, request, metadata, (error, answer) => {
        timer.clear();
        if (error === null) resolve(answer as T);
        else reject(new SignerCallError(codeName(error), error.details, { cause: error }));
      });
      const timer = clock.setTimer(timeoutMs[method], () => {
        reject(new SignerCallError("DeadlineExceeded", "context deadline exceeded"));
        sent.cancel();
      });
    });
    const note = (error?: unknown): void => metrics.called(path, error, (clock.monotonicMs() - startedMs) / 1000);
    answer.then(() => note(), note);
    return answer;
  };
  return {
    sign: (claims) => call("Sign", encodeSignRequest(claims), decodeSignResponse),
    fetchKeys: () => call("FetchKeys", new Uint8Array(0), decodeFetchKeysResponse),
    maxExpirationSeconds: () => call("Metadata", new Uint8Array(0), decodeMetadataResponse),
    close: () => client.close(),
  };
}

/** As Go names it: `DeadlineExceeded` for DEADLINE_EXCEEDED. */
function codeName({ code }: ServiceError): string {
  return (status[code] ?? "UNKNOWN")
    .split("_")
    .map((word) => (word === "OK" ? word : word[0] + word.slice(1).toLowerCase()))
    .join("");
}
