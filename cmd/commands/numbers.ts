import { InvalidArgumentError, Option } from "commander";
import { parseDurationMs } from "../../apimachinery/time/duration.ts";

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

/** A flag whose value is a time: `30s`, `5m`, as Go writes them. Milliseconds. */
export function time(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    try {
      return parseDurationMs(text);
    } catch {
      throw new InvalidArgumentError("this is a time, as 30s, 5m or 1h30m");
    }
  });
}
