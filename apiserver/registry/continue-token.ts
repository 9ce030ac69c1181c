import { posix } from "node:path";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isJsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import { parseJson } from "../../apimachinery/json/strict-json.ts";

/** Where a list goes on: after which name, at which revision. */
export interface ContinueToken {
  /** -1: at the latest revision, accepting that the pages may not agree (an "inconsistent" token). */
  readonly revision: number;
  /** First key wanted, relative to the list's prefix. */
  readonly start: string;
}

/** Opaque text in upstream's form (apiserver/pkg/storage/continue.go). */
export function encodeContinue(token: ContinueToken): string {
  const body = JSON.stringify({ v: "meta.k8s.io/v1", rv: token.revision, start: token.start });
  return Buffer.from(body).toString("base64url");
}

/** Throws BadRequest on a token that this server cannot have made. */
export function decodeContinue(text: string): ContinueToken {
  const { v, rv, start } = fieldsOf(text);
  if (v !== "meta.k8s.io/v1") {
    throw refusal(`: server does not recognize this encoded version ${v}`);
  }
  if (!Number.isSafeInteger(rv) || rv === 0) {
    throw refusal(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  if (start === "") {
    throw refusal(": encoded start key empty (version meta.k8s.io/v1)");
  }
  // Nobody begins outside of the list's own prefix.
  const absolute = start.startsWith("/") ? start : `/${start}`;
  if (posix.normalize(absolute) !== absolute || (absolute.endsWith("/") && absolute !== "/")) {
    throw refusal(`: ${start}`);
  }
  return { revision: rv, start: absolute.slice(1) };
}

function refusal(why: string): ApiError {
  return ApiError.badRequest(`continue key is not valid${why}`);
}

/** Absent fields are empty, as in Go. */
function fieldsOf(text: string): { readonly v: string; readonly rv: number; readonly start: string } {
  const illegal = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : -1);
  if (illegal >= 0) {
    throw refusal(`: illegal base64 data at input byte ${illegal}`);
  }
  let value: unknown;
  try {
    ({ value } = parseJson(Buffer.from(text, "base64url")));
  } catch (error) {
    throw refusal(`: ${(error as Error).message}`);
  }
  if (!isJsonObject(value as JsonValue)) {
    throw refusal(`: json: cannot unmarshal ${goKind(value)} into Go value of type storage.continueToken`);
  }
  const { v = "", rv = 0, start = "" } = value as Record<string, unknown>;
  const wrong = [["v", v, "string"] as const, ["rv", rv, "number"] as const, ["start", start, "string"] as const].find(
    ([, field, type]) => typeof field !== type,
  );
  if (wrong !== undefined) {
    const type = wrong[2] === "number" ? "int64" : "string";
    throw refusal(
      `: json: cannot unmarshal ${goKind(wrong[1])} into Go struct field continueToken.${wrong[0]} of type ${type}`,
    );
  }
  return { v: v as string, rv: rv as number, start: start as string };
}

function goKind(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
}
