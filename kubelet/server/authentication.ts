import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { TokenReview } from "../../api/authentication/v1/token-review.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { Clock } from "../../base/clock.ts";
import { LruMap } from "../../base/lru-map.ts";
import type { Client } from "../../client/client.ts";

/** authentication.webhook.cacheTTL. */
const cacheMs = 2 * 60_000;
const maxCached = 4_096;

export type Authenticate = (request: IncomingMessage) => Promise<UserInfo | undefined>;

/**
 * Who asks the kubelet: the subject of a client certificate of our authority, or the owner of a bearer token as the API
 * server knows it. Undefined: nobody; the kubelet serves no anonymous requests. Rejects where the API server cannot be asked.
 */
export function authenticator(client: Client, clock: Clock): Authenticate {
  const known = new LruMap<string, { readonly user: UserInfo | undefined; readonly until: number }>(maxCached);
  return async (request) => {
    const user = certificateUser(request.socket as TLSSocket);
    if (user !== undefined) return user;
    const [, token] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
    if (token === undefined) return undefined;
    // Tokens themselves are not kept.
    const key = createHash("sha256").update(token).digest("base64");
    const cached = known.get(key);
    if (cached !== undefined && cached.until > clock.monotonicMs()) return cached.user;
    const found = await review(client, token);
    known.set(key, { user: found, until: clock.monotonicMs() + cacheMs });
    return found;
  };
}

function certificateUser(socket: TLSSocket): UserInfo | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const username = subject?.CN as string | readonly string[] | undefined;
  if (typeof username !== "string" || username === "") return undefined;
  const organizations = (subject.O ?? []) as string | readonly string[];
  return { username, groups: authenticated(typeof organizations === "string" ? [organizations] : organizations) };
}

async function review(client: Client, token: string): Promise<UserInfo | undefined> {
  const { status } = await client.resource(TokenReview).create({ spec: { token } });
  if (status?.authenticated !== true) return undefined;
  const { username = "", uid, groups = [], extra } = status.user;
  return {
    username,
    groups: authenticated(groups),
    ...(uid === undefined ? {} : { uid }),
    ...(extra === undefined ? {} : { extra }),
  };
}

const authenticated = (groups: readonly string[]): readonly string[] =>
  groups.includes("system:authenticated") ? groups : [...groups, "system:authenticated"];
