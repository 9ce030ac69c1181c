import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Authenticator } from "./authentication/authenticator.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import { compose, type Filter, type Handler } from "./chain.ts";
import type { AuditFilters } from "./filters/audit.ts";
import { auditId } from "./filters/audit-id.ts";
import { authenticate } from "./filters/authenticate.ts";
import { authorize } from "./filters/authorize.ts";
import { deadline } from "./filters/deadline.ts";
import { mapErrors } from "./filters/errors.ts";
import { measure } from "./filters/measure.ts";

export interface ChainParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly authenticator: Authenticator;
  /** Records requests for the audit log; absent where nobody asked for one. */
  readonly audit: AuditFilters | undefined;
  readonly impersonate: Filter;
  /** Priority and fairness, or the plain limits in its place; absent where nothing is limited. */
  readonly flowControl: Filter | undefined;
  readonly authorizer: Authorizer;
  readonly resources: Handler;
  readonly paths: Handler;
}

/**
 * The way of every request, whatever carried it, in its order (upstream: DefaultBuildHandlerChain). Admission comes later: it
 * needs the decoded object, and belongs to the registry's write path.
 */
export function handlerChain(parts: ChainParts): Handler {
  const filters: Filter[] = [
    auditId(parts.random),
    mapErrors(parts.logger),
    measure(parts.metrics, parts.clock),
    deadline(parts.clock),
    ...(parts.audit === undefined ? [] : [parts.audit.refusals]),
    authenticate(parts.authenticator, parts.logger),
    ...(parts.audit === undefined ? [] : [parts.audit.requests]),
    parts.impersonate,
    ...(parts.flowControl === undefined ? [] : [parts.flowControl]),
    authorize(parts.authorizer),
  ];
  return compose(filters, (request) =>
    request.info.isResourceRequest ? parts.resources(request) : parts.paths(request),
  );
}
