import type { ApiRequest } from "../request.ts";
import { endOf } from "../request-end.ts";
import type { Authenticated, Authenticator, TokenAuthenticator } from "./authenticator.ts";

const extraSpaceWarning =
  "the provided Authorization header contains extra space before the bearer token, and is ignored";
const protocolPrefix = "base64url.bearer.authorization.k8s.io.";
const invalidToken = "invalid bearer token";

/** The token of an `Authorization: Bearer` header; undefined where there is none (authentication/request/bearertoken). */
export function bearerToken(
  header: string | undefined,
): { readonly token: string } | { readonly warning: string } | undefined {
  const parts = (header ?? "").trim().split(" ");
  if (parts.length < 2 || parts[0]!.toLowerCase() !== "bearer") return undefined;
  if (parts[1] !== "") return { token: parts[1]! };
  return parts.length > 2 ? { warning: extraSpaceWarning } : undefined;
}

/** Asks the token authenticators about a bearer token; a token that none of them knows is a failure. */
export class BearerAuthenticator implements Authenticator {
  readonly name = "bearer-token";
  readonly #tokens: TokenAuthenticator;

  constructor(tokens: TokenAuthenticator) {
    this.#tokens = tokens;
  }

  authenticate(request: ApiRequest): Promise<Authenticated> | Authenticated | undefined {
    const found = bearerToken(request.header("authorization"));
    if (found === undefined) return undefined;
    if ("warning" in found) {
      request.warnings.add(found.warning);
      return undefined;
    }
    return recognized(this.#tokens.authenticateToken(found.token, undefined, () => endOf(request)));
  }
}

/** The bearer token among the subprotocols that a browser offers, and the others, of which there must be one. */
export function bearerProtocol(
  header: string,
): { readonly token: string; readonly others: readonly string[] } | undefined {
  let token: string | undefined;
  const others: string[] = [];
  for (const protocol of header.split(",").map((one) => one.trim())) {
    if (!protocol.startsWith(protocolPrefix)) {
      others.push(protocol);
      continue;
    }
    if (token !== undefined) throw new Error("multiple base64.bearer.authorization tokens specified");
    token = decodeToken(protocol.slice(protocolPrefix.length));
  }
  if (token === undefined || token === "") return undefined;
  if (others.length === 0) throw new Error("missing additional subprotocol");
  return { token, others };
}

function decodeToken(encoded: string): string {
  if (!/^[A-Za-z0-9_-]*$/.test(encoded) || encoded.length % 4 === 1)
    throw new Error("invalid base64.bearer.authorization token encoding");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, "base64url"));
  } catch {
    throw new Error("invalid base64.bearer.authorization token");
  }
}

/** The subprotocols to negotiate from: without the one that carries a token. */
export function withoutBearerProtocol(header: string): string {
  return header
    .split(",")
    .map((one) => one.trim())
    .filter((one) => !one.startsWith(protocolPrefix))
    .join(",");
}

/** Bearer tokens in `Sec-WebSocket-Protocol`, since a browser cannot set headers of a WebSocket. */
export class WebSocketBearerAuthenticator implements Authenticator {
  readonly name = "websocket-bearer-token";
  readonly #tokens: TokenAuthenticator;

  constructor(tokens: TokenAuthenticator) {
    this.#tokens = tokens;
  }

  authenticate(request: ApiRequest): Promise<Authenticated> | Authenticated | undefined {
    const header = request.header("sec-websocket-protocol");
    if (header === undefined || request.header("upgrade")?.toLowerCase() !== "websocket") return undefined;
    const found = bearerProtocol(header);
    return found === undefined
      ? undefined
      : recognized(this.#tokens.authenticateToken(found.token, undefined, () => endOf(request)));
  }
}

function recognized(
  answer: ReturnType<TokenAuthenticator["authenticateToken"]>,
): Promise<Authenticated> | Authenticated {
  if (answer instanceof Promise) return answer.then(mustBeKnown);
  return mustBeKnown(answer);
}

function mustBeKnown(answer: Authenticated | undefined): Authenticated {
  if (answer === undefined) throw new Error(invalidToken);
  return answer;
}
