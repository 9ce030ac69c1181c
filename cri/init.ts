/**
 * A message as a caller builds it: every field, at every depth, may be left out and then has its default. What is read is
 * `T` itself: scalars, lists and maps are always there, messages only where they were sent.
 */
export type Init<T> = T extends string | number | boolean | Uint8Array | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Init<Item>[]
    : { readonly [Key in keyof T]?: Init<T[Key]> | undefined };
