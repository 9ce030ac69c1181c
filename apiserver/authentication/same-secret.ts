import { timingSafeEqual } from "node:crypto";

/** Whether two secrets are equal, in a time that tells of their lengths at most. */
export function sameSecret(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
