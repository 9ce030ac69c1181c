import { memberFunction } from "../check/function.ts";
import { intType, listType, stringType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { ArrayList, type Result, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { compilePattern } from "./regexp.ts";

function find([text, pattern]: readonly Value[]): Result {
  const compiled = compilePattern(pattern as string);
  if (compiled instanceof CelError) return new CelError(`Illegal regex: ${compiled.message}`);
  const matcher = compiled.matcher(text as string);
  return matcher.find() ? (matcher.group() ?? "") : "";
}

function findAll([text, pattern, limit]: readonly Value[]): Result {
  const compiled = compilePattern(pattern as string);
  if (compiled instanceof CelError) return new CelError(`Illegal regex: ${compiled.message}`);
  const most = limit === undefined || (limit as bigint) < 0n ? Number.POSITIVE_INFINITY : Number(limit as bigint);
  const matcher = compiled.matcher(text as string);
  const found: string[] = [];
  // Go leaves out an empty match right after the match before it.
  let lastEnd = -1;
  while (found.length < most && matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (start !== end || start !== lastEnd) found.push(matcher.group() ?? "");
    lastEnd = end;
  }
  return new ArrayList(found);
}

/** `text.find(pattern)` and `text.findAll(pattern)`. Upstream: apiserver/pkg/cel/library/regex.go. */
export const regexLibrary: Library = {
  name: "kubernetes.regex",
  functions: [
    memberFunction("find", ["string_find_string", [stringType, stringType], stringType, find]),
    memberFunction(
      "findAll",
      ["string_find_all_string", [stringType, stringType], listType(stringType), findAll],
      ["string_find_all_string_int", [stringType, stringType, intType], listType(stringType), findAll],
    ),
  ],
};
