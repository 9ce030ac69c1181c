import type { Authorizer } from "../authorization/authorizer.ts";
import { impersonate as decide } from "../authorization/impersonation.ts";
import { type WantedUser, wantedUser } from "../authorization/impersonation-headers.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest } from "../request.ts";
import { auditRecordOf } from "./audit.ts";
import { attributesOf } from "./authorize.ts";

/** Lets the request go on as the user that its `Impersonate-*` headers name, if whoever sent it may. */
export function impersonate(authorizer: Authorizer): Filter {
  const become = async (request: ApiRequest, wanted: WantedUser): Promise<void> => {
    const { user, constraint } = await decide(wanted, attributesOf(request), authorizer);
    auditRecordOf(request)?.impersonated(user, constraint);
    request.user = user;
  };
  return (next) => (request) => {
    // A caller in this process says who it is by other means than headers.
    const wanted = request.trustedUser === undefined ? wantedUser(request.headerPairs()) : undefined;
    return wanted === undefined ? next(request) : become(request, wanted).then(() => next(request));
  };
}
