import type { ServedObject } from "../cache/served-object.ts";
import type { SharedFrame } from "./exchange.ts";

/**
 * The frame of the event that was encoded last: an event goes to all its watchers one after another, so a memory of one
 * serves them all and holds nothing for longer.
 */
export class FrameMemory {
  #served: ServedObject | undefined;
  #type = "";
  #frame: SharedFrame = { bytes: Buffer.alloc(0), chunk: Buffer.alloc(0) };

  /** `{"type":…,"object":…}` and a line feed. */
  jsonFrame(type: string, served: ServedObject): SharedFrame {
    if (served !== this.#served || type !== this.#type) {
      this.#served = served;
      this.#type = type;
      this.#frame = encode(type, served);
    }
    return this.#frame;
  }
}

/** One buffer: the chunk, and within it the frame. */
function encode(type: string, served: ServedObject): SharedFrame {
  const head = `{"type":"${type}","object":`;
  const length = head.length + served.byteLength + 2;
  const size = `${length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafeSlow(size.length + length + 2);
  let at = chunk.write(size, 0, "latin1");
  at += chunk.write(head, at, "latin1");
  at = served.copyInto(chunk, at);
  chunk.write("}\n\r\n", at, "latin1");
  return { bytes: chunk.subarray(size.length, size.length + length), chunk };
}
