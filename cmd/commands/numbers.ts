import { InvalidArgumentError } from "commander";

/** Of a flag. */
export function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new InvalidArgumentError("a port is a whole number from 1 to 65535");
  }
  return value;
}
