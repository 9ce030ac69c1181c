/** How values of some keys look in the store. The key is bound into what is written, where the form can: a value moved to another key is then refused. */
export interface ValueTransformer {
  toStore(value: Uint8Array, key: string): Uint8Array;
  /** A promise only where somebody has to be asked first. Throws, or rejects with, `UnreadableValueError`. */
  fromStore(stored: Uint8Array, key: string): Decoded | Promise<Decoded>;
}

export interface Decoded {
  readonly value: Uint8Array;
  /** A new write would store the same value in another form: with another key, or encrypted at all. */
  readonly stale: boolean;
}

/** What the store holds cannot be turned back into a value, with what is known here. */
export class UnreadableValueError extends Error {
  override readonly name = "UnreadableValueError";
}

export interface PrefixedTransformer {
  /** Empty: whatever the others have not taken. */
  readonly prefix: string;
  readonly transformer: ValueTransformer;
}

/**
 * Writes with the first, reads with whichever one's prefix is there; what any but the first has read is stale
 * (upstream: apiserver/pkg/storage/value, NewPrefixTransformers). Several may share a prefix: all are tried.
 */
export function prefixTransformers(choices: readonly PrefixedTransformer[], noneMatches: string): ValueTransformer {
  const prefixes = choices.map(({ prefix }) => Buffer.from(prefix));
  const first = choices[0];
  if (first === undefined) throw new RangeError("there is no transformer");
  const read = (
    stored: Uint8Array,
    key: string,
    from: number,
    errors: readonly Error[],
  ): Decoded | Promise<Decoded> => {
    for (let index = from; index < choices.length; index++) {
      const { transformer, prefix } = choices[index]!;
      if (!startsWith(stored, prefixes[index]!)) continue;
      const next = (error: unknown): Decoded | Promise<Decoded> =>
        read(stored, key, index + 1, prefix === "" ? errors : [...errors, error as Error]);
      const done = ({ value, stale }: Decoded): Decoded => ({ value, stale: stale || index > 0 });
      try {
        const decoded = transformer.fromStore(stored.subarray(prefixes[index]!.byteLength), key);
        return decoded instanceof Promise ? decoded.then(done, next) : done(decoded);
      } catch (error) {
        return next(error);
      }
    }
    throw new UnreadableValueError(errors.map(({ message }) => message).join(", ") || noneMatches, {
      cause: errors[0],
    });
  };
  return {
    toStore: (value, key) => Buffer.concat([prefixes[0]!, first.transformer.toStore(value, key)]),
    fromStore: (stored, key) => read(stored, key, 0, []),
  };
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}
