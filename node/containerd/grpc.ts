import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import type { Clock } from "../../base/clock.ts";

export interface Call {
  readonly socket: string;
  /** `/runtime.v1.RuntimeService/Status`. */
  readonly method: string;
  readonly message: Uint8Array;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * One gRPC call over a unix socket, for the few questions that are asked before a whole client is loaded (a quarter of a
 * start goes into loading one). Gives the answer's bytes; throws where there is none or its `grpc-status` is not 0.
 */
export function callOnce({ socket, method, message, timeoutMs, clock }: Call): Promise<Buffer> {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return new Promise((resolve, reject) => {
    // The authority is as Go's clients of unix sockets write it.
    const session = connectHttp2("http://localhost", { createConnection: () => connect(socket) });
    const timer = clock.setTimer(timeoutMs, () => fail(new Error(`${socket} does not answer`)));
    const fail = (error: Error): void => {
      timer.clear();
      session.destroy();
      reject(error);
    };
    session.on("error", fail);
    exchange(session, method, frame).then((answer) => {
      timer.clear();
      session.close();
      resolve(answer);
    }, fail);
  });
}

function exchange(session: ClientHttp2Session, method: string, frame: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let status: unknown;
    let text: unknown;
    // An error without a body comes in the headers.
    for (const event of ["response", "trailers"] as const) {
      stream.on(event, (headers) => {
        status = headers["grpc-status"] ?? status;
        text = headers["grpc-message"] ?? text;
      });
    }
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      if (Number(status) === 0 && status !== undefined) {
        resolve(Buffer.concat(chunks).subarray(5));
      } else {
        reject(new Error(`${method}: ${decodeURIComponent(String(text ?? "no answer"))}`));
      }
    });
    stream.end(frame);
  });
}
