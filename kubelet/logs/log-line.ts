/** One line of a container's log as the runtime wrote it. */
export interface LogLine {
  /** RFC 3339, with as many digits of a second as the runtime gave. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** With its newline; without one where the line goes on in the next (tag P). */
  readonly content: Buffer;
}

export type LogParser = (line: Buffer) => LogLine | undefined;

const space = 0x20;
const newline = 0x0a;
const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/**
 * A line of the CRI's log format; undefined where it is none. With its newline, if it has one:
 *
 *     2016-10-06T00:17:09.669794202Z stdout F content
 */
export function parseCriLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(space);
  const second = line.indexOf(space, first + 1);
  const third = line.indexOf(space, second + 1);
  if (first < 0 || second <= first || third <= second) return undefined;
  const time = line.toString("latin1", 0, first);
  const stream = line.toString("latin1", first + 1, second);
  if ((stream !== "stdout" && stream !== "stderr") || !timePattern.test(time)) return undefined;
  const [tag] = line.toString("latin1", second + 1, third).split(":");
  const goesOn = tag === "P" && line.at(-1) === newline;
  return { time, stream, content: line.subarray(third + 1, goesOn ? -1 : undefined) };
}

/** A line of Docker's JSON log format, which cri-dockerd still writes; undefined where it is none. */
export function parseDockerLine(line: Buffer): LogLine | undefined {
  try {
    const { log = "", stream, time } = JSON.parse(line.toString("utf8")) as Partial<Record<string, string>>;
    if ((stream !== "stdout" && stream !== "stderr") || time === undefined || !timePattern.test(time)) return undefined;
    return { time, stream, content: Buffer.from(log) };
  } catch {
    return undefined; // It is another format, or damaged: both are said in the same way.
  }
}

/** The parser that understands this line: a file keeps to the format of its first. */
export function parserFor(line: Buffer): LogParser | undefined {
  return [parseCriLine, parseDockerLine].find((parse) => parse(line) !== undefined);
}

/** As `--timestamps` shows it: always nine digits of a second. */
export function fixedTime(time: string): string {
  const [, seconds = "", fraction = "", zone = "Z"] = timePattern.exec(time) ?? [];
  return `${seconds}.${fraction.padEnd(9, "0")}${zone}`;
}

/** Milliseconds since 1970, fractions and all. */
export function timeMs(time: string): number {
  const [, seconds = "", fraction = "0", zone = "Z"] = timePattern.exec(time) ?? [];
  return Date.parse(`${seconds}${zone}`) + Number(`0.${fraction}`) * 1_000;
}
