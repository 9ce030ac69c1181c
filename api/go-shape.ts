// Where a message shows a whole object, upstream prints its internal type: every field, in the order of its declaration, by
// its name in Go (pkg/apis/*/types.go).

interface Field {
  readonly go: string;
  readonly json: string;
  /** What stands for a field that is not set. */
  readonly absent: Shown;
  readonly shape?: Shape;
}
/** The fields of an internal type, in the order of their declaration. */
export type Shape = readonly Field[];
export type Shown = null | string | number | boolean | readonly Shown[] | { readonly [name: string]: Shown };

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** A pointer, a list or a map: null where it is not set. */
export const pointer = (go: string, json = lowerFirst(go)): Field => ({ go, json, absent: null });
export const text = (go: string, json = lowerFirst(go)): Field => ({ go, json, absent: "" });
export const number = (go: string, json = lowerFirst(go)): Field => ({ go, json, absent: 0 });
/** A pointer to a struct, or a list of structs. */
export const nested = (shape: Shape, go: string, json = lowerFirst(go)): Field => ({ go, json, absent: null, shape });
/** A struct that is always there. */
export const embedded = (shape: Shape, go: string, json = lowerFirst(go)): Field => ({
  go,
  json,
  absent: goShown(shape, {}),
  shape,
});

/** The value as such a type prints; null where it is undefined. */
export function goShown(shape: Shape, value: unknown): Shown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => goShown(shape, item));
  const object = value as Readonly<Record<string, Shown | undefined>>;
  return Object.fromEntries(
    shape.map(({ go, json, absent, shape: inner }) => {
      const field = object[json];
      return [go, field === undefined ? absent : inner === undefined ? field : goShown(inner, field)];
    }),
  );
}

export const objectReference: Shape = [
  text("Kind"),
  text("Namespace"),
  text("Name"),
  text("UID", "uid"),
  text("APIVersion", "apiVersion"),
  text("ResourceVersion"),
  text("FieldPath"),
];
