import type { ServedObject } from "../cache/served-object.ts";

/**
 * The frame of the event that was encoded last: an event goes to all its watchers one after another, so a memory of one
 * serves them all and holds nothing for longer.
 */
export class FrameMemory {
  #served: ServedObject | undefined;
  #type = "";
  #frame = Buffer.alloc(0);

  /** `{"type":…,"object":…}` and a line feed. */
  jsonFrame(type: string, served: ServedObject): Buffer {
    if (served === this.#served && type === this.#type) {
      return this.#frame;
    }
    const head = `{"type":"${type}","object":`;
    const frame = Buffer.allocUnsafeSlow(head.length + served.byteLength + 2);
    const at = served.copyInto(frame, frame.write(head, 0, "latin1"));
    frame.write("}\n", at, "latin1");
    this.#served = served;
    this.#type = type;
    this.#frame = frame;
    return frame;
  }
}
