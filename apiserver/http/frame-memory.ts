import type { ServedObject } from "../cache/served-object.ts";
import { OneFrame, type SharedFrame } from "./shared-frame.ts";

/**
 * The frame of the event that was encoded last: an event goes to all its watchers one after another, so a memory of one
 * serves them all and holds nothing for longer.
 */
export class FrameMemory {
  #served: ServedObject | undefined;
  #type = "";
  #frame: SharedFrame = new OneFrame(Buffer.alloc(0), 0, 0);

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

function encode(type: string, served: ServedObject): SharedFrame {
  const head = `{"type":"${type}","object":`;
  const length = head.length + served.byteLength + 2;
  const size = `${length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafeSlow(size.length + length + 2);
  let at = chunk.write(size, 0, "latin1");
  at += chunk.write(head, at, "latin1");
  at = served.copyInto(chunk, at);
  chunk.write("}\n\r\n", at, "latin1");
  return new OneFrame(chunk, size.length, length);
}
