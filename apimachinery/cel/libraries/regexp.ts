import { RE2JS, RE2JSException } from "re2js";
import { CelError } from "../values/error.ts";

const compiled = new Map<string, RE2JS | CelError>();
const maxCompiled = 1000;

/** A pattern of RE2, compiled once; an error in Go's words where it is none. Matching takes time linear in the text. */
export function compilePattern(pattern: string): RE2JS | CelError {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  let result: RE2JS | CelError;
  try {
    result = RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    result = new CelError(error.message);
  }
  if (compiled.size >= maxCompiled) compiled.clear();
  compiled.set(pattern, result);
  return result;
}
