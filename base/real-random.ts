import { randomBytes, randomUUID } from "node:crypto";
import type { Random } from "./random.ts";
import { suffixFrom } from "./random-text.ts";

const below = (bound: number): number => Math.floor(Math.random() * bound);

/** The operating system's chance. `bytes` and `uuid` are fit for secrets; `next`, `below` and `suffix` are not. */
export const realRandom: Random = {
  next: () => Math.random(),
  below,
  bytes: (length) => new Uint8Array(randomBytes(length)),
  uuid: () => randomUUID(),
  suffix: (length) => suffixFrom(below, length),
};
