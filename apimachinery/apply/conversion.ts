import type { JsonObject } from "../json/json.ts";
import { stringifyJson } from "../json/strict-json.ts";
import type { InVersion } from "../resource/resource.ts";

/** The object in another version; undefined where that version exists no more: its managers are then forgotten. */
export type Convert = (object: JsonObject, apiVersion: string) => InVersion | undefined;

/** The same, for which one may have to wait. Throws, or rejects, where it cannot be converted. */
export type ConvertLater = (object: JsonObject, apiVersion: string) => ReturnType<Convert> | Promise<InVersion>;

/** Who owns what cannot be said: an object cannot be shown in the version of one of its managers. */
export class ConversionFailure extends Error {
  override readonly name = "ConversionFailure";
}

/** A decision has to wait for a conversion: decide again once it has been made. */
class ConversionPending extends Error {
  readonly made: Promise<void>;

  constructor(made: Promise<void>) {
    super("waiting for a conversion");
    this.made = made;
  }
}

/** Converts; a failure says what was done, in upstream's words. `what` may be empty. */
export function converted(convert: Convert, object: JsonObject, apiVersion: string, what: string): ReturnType<Convert> {
  try {
    return convert(object, apiVersion);
  } catch (error) {
    if (error instanceof ConversionPending) throw error;
    const message = (error as Error).message;
    throw new ConversionFailure(what === "" ? message : `${what}: ${message}`, { cause: error });
  }
}

/**
 * Decides with conversions that may take their time: `decide`, which must change nothing, is run again after each that it had
 * to wait for, and finds it made. Without such the decision is there at once.
 */
export function decided<T>(convert: ConvertLater, decide: (convert: Convert) => T): T | Promise<T> {
  const made = new Map<string, { readonly is: InVersion } | { readonly error: Error }>();
  const now: Convert = (object, apiVersion) => {
    const known = made.size === 0 ? undefined : made.get(keyOf(object, apiVersion));
    if (known !== undefined) {
      if ("error" in known) throw known.error;
      return known.is;
    }
    const result = convert(object, apiVersion);
    if (!(result instanceof Promise)) return result;
    const key = keyOf(object, apiVersion);
    throw new ConversionPending(
      result.then(
        (is) => void made.set(key, { is }),
        (error: Error) => void made.set(key, { error }),
      ),
    );
  };
  try {
    return decide(now);
  } catch (error) {
    if (!(error instanceof ConversionPending)) throw error;
    return decidedAfter(error.made, () => decide(now));
  }
}

async function decidedAfter<T>(made: Promise<void>, decide: () => T): Promise<T> {
  let waiting = made;
  for (;;) {
    await waiting;
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof ConversionPending)) throw error;
      waiting = error.made;
    }
  }
}

/** Each run makes its objects anew: what they say tells them apart. */
function keyOf(object: JsonObject, apiVersion: string): string {
  return `${apiVersion} ${stringifyJson(object)}`;
}
