import type { Logger as Pino } from "pino";
import type { Clock } from "./clock.ts";
import { isAtLeast, type Logger, type LogLevel, type LogValues } from "./logger.ts";

export interface JsonLoggerOptions {
  readonly level: LogLevel;
  /** Where lines go: a stream, or anything that takes text. Each call is one line with its newline. */
  readonly destination: { write(line: string): unknown };
  readonly clock: Pick<Clock, "now">;
  /** On every line: `{ component: "server" }`. */
  readonly bindings?: LogValues;
}

/**
 * One JSON object a line: `{"level":"info","time":"2026-01-01T00:00:00.000Z","component":"server","message":"…", …}`.
 * Asynchronous only because the library behind it is loaded when first needed.
 */
export async function createJsonLogger({ level, destination, clock, bindings }: JsonLoggerOptions): Promise<Logger> {
  const { default: pino } = await import("pino");
  const root = pino(
    {
      level,
      base: null,
      messageKey: "message",
      errorKey: "error",
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
    },
    { write: (line: string) => void destination.write(line) },
  );
  return wrap(bindings === undefined ? root : root.child(bindings), level);
}

function wrap(inner: Pino, least: LogLevel): Logger {
  return {
    debug: (message, values) => inner.debug(values ?? {}, message),
    info: (message, values) => inner.info(values ?? {}, message),
    warn: (message, values) => inner.warn(values ?? {}, message),
    error: (message, values) => inner.error(values ?? {}, message),
    enabled: (level) => isAtLeast(level, least),
    child: (values) => wrap(inner.child(values), least),
  };
}
