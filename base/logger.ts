export type LogLevel = "debug" | "info" | "warn" | "error";
/** What a line is about: `{ pod: "default/a", attempt: 3, error }`. An `Error` under `error` is written with its stack and cause. */
export type LogValues = Readonly<Record<string, unknown>>;

/** Logs are a constant message plus key-value pairs. Never throws, never waits. */
export interface Logger {
  debug(message: string, values?: LogValues): void;
  info(message: string, values?: LogValues): void;
  warn(message: string, values?: LogValues): void;
  error(message: string, values?: LogValues): void;
  /** Whether lines of this level go anywhere: for values that cost something to gather. */
  enabled(level: LogLevel): boolean;
  /** The same logger with these values on every line. */
  child(values: LogValues): Logger;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return ranks[level] >= ranks[least];
}

/** Says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  enabled: () => false,
  child: () => silentLogger,
};

export interface LogRecord {
  readonly level: LogLevel;
  readonly message: string;
  readonly values: LogValues;
}

/** Keeps what it is told, for tests. At most `capacity` records; the oldest go first. */
export class CapturingLogger implements Logger {
  readonly records: LogRecord[] = [];
  readonly #capacity: number;

  constructor(capacity = 10_000) {
    this.#capacity = capacity;
  }

  debug(message: string, values?: LogValues): void {
    this.#keep("debug", message, values);
  }
  info(message: string, values?: LogValues): void {
    this.#keep("info", message, values);
  }
  warn(message: string, values?: LogValues): void {
    this.#keep("warn", message, values);
  }
  error(message: string, values?: LogValues): void {
    this.#keep("error", message, values);
  }
  enabled(): boolean {
    return true;
  }

  /** Children write into the same `records`. */
  child(values: LogValues): Logger {
    const keep = (level: LogLevel) => (message: string, more?: LogValues) =>
      this.#keep(level, message, { ...values, ...more });
    return {
      debug: keep("debug"),
      info: keep("info"),
      warn: keep("warn"),
      error: keep("error"),
      enabled: () => true,
      child: (more) => this.child({ ...values, ...more }),
    };
  }

  messages(least: LogLevel = "debug"): string[] {
    return this.records.filter(({ level }) => isAtLeast(level, least)).map(({ message }) => message);
  }

  #keep(level: LogLevel, message: string, values: LogValues = {}): void {
    this.records.push({ level, message, values });
    if (this.records.length > this.#capacity) this.records.shift();
  }
}
