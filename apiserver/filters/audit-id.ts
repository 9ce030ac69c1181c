import type { Random } from "../../base/random.ts";
import type { Filter } from "../chain.ts";

/**
 * Every answer names its request: by what the client called it (`Audit-ID`), or an identifier of its own. Audit events bear
 * the same (endpoints/filters/audit_init.go).
 */
export function auditId(random: Random): Filter {
  return (next) => (request) => {
    const headers = request.answerHeaders;
    if (headers !== undefined) headers["audit-id"] = request.header("audit-id") || random.uuid();
    return next(request);
  };
}
