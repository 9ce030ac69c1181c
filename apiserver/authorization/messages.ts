import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { AuthorizationAttributes } from "./authorizer.ts";

/** `["a" "b"]`: how Go prints a list of strings with %q. */
export function quoteList(values: readonly string[]): string {
  return `[${values.map(goQuote).join(" ")}]`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * `User "ann" cannot get resource "pods" in API group "" in the namespace "red"`, with the authorizers' reason after it:
 * what a Forbidden answer says. Characters that could pass for HTML are escaped (endpoints/handlers/responsewriters).
 */
export function forbiddenMessage(attributes: AuthorizationAttributes, reason: string): string {
  const text = withoutEntities(withoutReason(attributes));
  return reason === "" ? text : `${text}: ${reason}`;
}

/** Whoever shows the text as HTML shows no more than text. */
export function withoutEntities(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character]!);
}

function withoutReason({
  user,
  verb,
  isResourceRequest,
  path,
  group,
  resource,
  subresource,
  namespace,
}: AuthorizationAttributes): string {
  const who = `User ${goQuote(user.username)} cannot ${verb}`;
  if (!isResourceRequest) return `${who} path ${goQuote(path)}`;
  const what = goQuote(subresource === "" ? resource : `${resource}/${subresource}`);
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${goQuote(namespace)}`;
  return `${who} resource ${what} in API group ${goQuote(group)} ${where}`;
}
