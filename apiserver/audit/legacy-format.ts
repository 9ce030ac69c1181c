import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { AuditEvent } from "./event.ts";

/** One line of text an event (--audit-log-format=legacy; apiserver/pkg/audit EventString). */
export function legacyLine(event: AuditEvent): string {
  const { user, impersonatedUser, objectRef, responseStatus, sourceIPs = [] } = event;
  const groups = (list: readonly string[] | undefined): string => (list ?? []).map(goQuote).join(",");
  const known = (user.username ?? "") !== "";
  const fields = [
    `id=${goQuote(event.auditID)}`,
    `stage=${goQuote(event.stage)}`,
    `ip=${goQuote(sourceIPs[0] ?? "<unknown>")}`,
    `method=${goQuote(event.verb)}`,
    `user=${goQuote(known ? user.username! : "<none>")}`,
    `groups=${goQuote(known && (user.groups ?? []).length > 0 ? groups(user.groups) : "<none>")}`,
    `as=${goQuote(impersonatedUser?.username ?? "<self>")}`,
    `asgroups=${goQuote(impersonatedUser?.groups === undefined ? "<lookup>" : groups(impersonatedUser.groups))}`,
    `user-agent=${goQuote(event.userAgent ?? "")}`,
    `namespace=${goQuote(objectRef?.namespace ?? "<none>")}`,
    `uri=${goQuote(event.requestURI)}`,
    `response="${responseStatus === undefined ? "<deferred>" : (responseStatus.code ?? 0)}"`,
  ];
  // Nanoseconds without zeros at their end.
  const time = event.requestReceivedTimestamp.replace(/\.?0*Z$/, "Z");
  return `${time} AUDIT: ${fields.join(" ")}`;
}
