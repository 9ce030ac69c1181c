import { ApiError } from "../../apimachinery/errors/api-error.ts";

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
  const refuse = (why: string): never => {
    throw ApiError.badRequest(`continue key is not valid: ${why}`);
  };
  let body: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    body = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return refuse("it cannot be decoded");
  }
  if (body === null || typeof body !== "object" || body.v !== "meta.k8s.io/v1") {
    return refuse("it has an unknown version");
  }
  const { rv, start } = body;
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv === 0) {
    return refuse("it has an incorrect resourceVersion");
  }
  if (typeof start !== "string" || start === "" || start.split("/").includes("..")) {
    return refuse("it has an incorrect start key");
  }
  return { revision: rv, start };
}
