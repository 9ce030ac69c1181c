import { Path } from "../field/path.ts";
import { type Props, propertyOf, valuesOf } from "./props.ts";

/** A path within a schema that leads nowhere; the message is upstream's. */
export class FieldPathError extends Error {
  override readonly name = "FieldPathError";
}

export interface FoundField {
  /** Absent for the empty path. */
  readonly path: Path | undefined;
  /** The first name. */
  readonly root: string;
  readonly props: Props | undefined;
}

/**
 * Follows a path such as `.spec.labels['a.b']` through a schema (apiserver/schema/cel/validation.go ValidFieldPath). Throws
 * FieldPathError where the schema has no such field.
 */
export function findField(text: string, props: Props, arrayNotation = true): FoundField {
  const tokens = tokensOf(text);
  let path: Path | undefined;
  let root = "";
  let current: Props | undefined = props;
  const enter = (name: string): void => {
    if (current?.properties !== undefined) {
      current = propertyOf(current, name);
      if (current === undefined) throw new FieldPathError("does not refer to a valid field");
      path = path === undefined ? new Path(undefined, name) : path.child(name);
    } else if (current?.additionalProperties !== undefined) {
      current = valuesOf(current);
      path = path === undefined ? new Path(undefined, undefined, name) : path.key(name);
    } else throw new FieldPathError("does not refer to a valid field");
    if (root === "") root = name;
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token === ".") enter(next(tokens, ++i));
    else if (token === "[") {
      if (!arrayNotation) throw new FieldPathError("array notation is not allowed");
      enter(unquoted(next(tokens, ++i)));
      const end = next(tokens, ++i);
      if (end !== "]") throw new FieldPathError(`expected ] but got ${end}`);
    } else throw new FieldPathError(`expected [ or . but got: ${token}`);
  }
  return { path, root, props: current };
}

function next(tokens: readonly string[], index: number): string {
  const token = tokens[index];
  if (token === undefined) throw new FieldPathError("unexpected end of JSON path");
  return token;
}

function tokensOf(text: string): readonly string[] {
  return text.match(/'.*?(?<!\\)'|'.*|[.[\]]|[^.[\]]+/gs) ?? [];
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

function unquoted(token: string): string {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'")) {
    throw new FieldPathError(`expected single quoted string but got ${token}`);
  }
  return token.slice(1, -1).replace(/\\(.)/gs, (whole, character: string) => {
    const meant = escapes[character];
    if (meant === undefined) throw new FieldPathError(`invalid string literal: invalid escape char ${whole}`);
    return meant;
  });
}
