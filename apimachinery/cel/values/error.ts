/**
 * A failed evaluation. Inside an evaluation it is a value like any other (`false && error` is false), so it carries no
 * stack; `Program.evaluate` returns it. `cancelled` errors end the whole evaluation: nothing absorbs them.
 */
export class CelError {
  readonly message: string;
  readonly reason: "evaluation" | "cost" | "cancelled";

  constructor(message: string, reason: "evaluation" | "cost" | "cancelled" = "evaluation") {
    this.message = message;
    this.reason = reason;
  }

  toString(): string {
    return this.message;
  }
}

/** Carries an error that ends the evaluation through JavaScript's stack; it never leaves this folder. */
export class Halt extends Error {
  readonly error: CelError;

  constructor(error: CelError) {
    super(error.message);
    this.error = error;
  }
}

export const noSuchOverload: CelError = new CelError("no such overload");
export const divisionByZero: CelError = new CelError("division by zero");
export const modulusByZero: CelError = new CelError("modulus by zero");
export const integerOverflow: CelError = new CelError("integer overflow");
export const unsignedOverflow: CelError = new CelError("unsigned integer overflow");
export const durationOverflow: CelError = new CelError("duration overflow");
export const timestampOverflow: CelError = new CelError("timestamp overflow");

export function noSuchKey(key: string): CelError {
  return new CelError(`no such key: ${key}`);
}
