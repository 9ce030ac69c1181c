import { InvalidArgumentError } from "commander";

/** Of a flag. */
export function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new InvalidArgumentError("a port is a whole number from 1 to 65535");
  }
  return value;
}

/** 0 or more. */
export function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError("this is a whole number, 0 or more");
  }
  return Number(text);
}
