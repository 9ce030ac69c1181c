import type { Clock } from "../../base/clock.ts";
import { realClock } from "../../base/real-clock.ts";
import { callOnce } from "./grpc.ts";

const none = new Uint8Array();
const callTimeoutMs = 2_000;

/** Whether the CRI of a containerd answers now. Its socket is there earlier than its services. */
export async function criAnswers(socket: string, clock: Clock = realClock): Promise<boolean> {
  try {
    const method = "/runtime.v1.RuntimeService/Status";
    await callOnce({ socket, method, message: none, timeoutMs: callTimeoutMs, clock });
    return true;
  } catch {
    return false;
  }
}

export interface ReadinessOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the wait, with its reason. */
  readonly signal?: AbortSignal;
}

const pollMs = 10;

/** Waits until the CRI answers; throws where it does not in time. */
export async function waitForCri(socket: string, { clock, timeoutMs, signal }: ReadinessOptions): Promise<void> {
  const end = clock.monotonicMs() + timeoutMs;
  while (!(await criAnswers(socket, clock))) {
    if (clock.monotonicMs() > end) {
      throw new Error(`containerd did not answer within ${timeoutMs / 1_000} s at ${socket}`);
    }
    await clock.sleep(pollMs, signal);
  }
}

/** Whether containerd has an image of this name. */
export async function hasImage(socket: string, image: string, clock: Clock = realClock): Promise<boolean> {
  const method = "/runtime.v1.ImageService/ImageStatus";
  const answer = await callOnce({
    socket,
    method,
    message: field1(field1(text(image))),
    timeoutMs: callTimeoutMs,
    clock,
  });
  // Field 1, the image, is there or not.
  return answer.length > 0 && answer[0] === 0x0a && answer[1] !== 0;
}

function text(value: string): Buffer {
  return Buffer.from(value);
}

/** Protobuf: field number 1, length-delimited, of less than 128 bytes or two bytes' worth of length. */
function field1(content: Buffer): Buffer {
  const length = content.length < 0x80 ? [content.length] : [(content.length & 0x7f) | 0x80, content.length >> 7];
  return Buffer.concat([Buffer.from([0x0a, ...length]), content]);
}
