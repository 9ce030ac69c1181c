import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { Clock } from "../../base/clock.ts";
import { LruMap } from "../../base/lru-map.ts";
import type { Client } from "../../client/client.ts";

/** authorization.webhook.cacheAuthorizedTTL and cacheUnauthorizedTTL. */
const allowedMs = 5 * 60_000;
const refusedMs = 30_000;
const maxCached = 4_096;

export interface NodeAccess {
  readonly user: UserInfo;
  readonly verb: string;
  readonly subresource: string;
}

export type Authorize = (access: NodeAccess) => Promise<boolean>;

/** Asks the API server whether a user may do this to this node. Rejects where it cannot be asked. */
export function authorizer(client: Client, nodeName: string, clock: Clock): Authorize {
  const known = new LruMap<string, { readonly allowed: boolean; readonly until: number }>(maxCached);
  return async (access) => {
    const key = JSON.stringify(access);
    const cached = known.get(key);
    if (cached !== undefined && cached.until > clock.monotonicMs()) return cached.allowed;
    const { user, verb, subresource } = access;
    const resourceAttributes = { verb, version: "v1", resource: "nodes", subresource, name: nodeName };
    const { status } = await client.resource(SubjectAccessReview).create({
      spec: {
        user: user.username,
        groups: user.groups,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        ...(user.extra === undefined ? {} : { extra: user.extra }),
        resourceAttributes,
      },
    });
    const allowed = status?.allowed === true;
    known.set(key, { allowed, until: clock.monotonicMs() + (allowed ? allowedMs : refusedMs) });
    return allowed;
  };
}
