import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { HeaderPairs } from "../authentication/request-header.ts";
import { unescapeKey } from "../authentication/request-header.ts";

/** Whom a request wants to be, as its headers say it: nothing is completed or checked. */
export interface WantedUser {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

const prefix = "impersonate-";
const extraPrefix = "impersonate-extra-";

/** Reads `Impersonate-User`, `-Uid`, `-Group` and `-Extra-*`; undefined where there is none of them. */
export function wantedUser(headers: HeaderPairs): WantedUser | undefined {
  let username = "";
  let uid = "";
  let found = false;
  const groups: string[] = [];
  const extra = new Map<string, string[]>();
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    if (!name.startsWith(prefix)) continue;
    if (name === "impersonate-user") username ||= value;
    else if (name === "impersonate-uid") uid ||= value;
    else if (name === "impersonate-group") {
      groups.push(value);
      found = true;
    } else if (name.startsWith(extraPrefix)) {
      const key = unescapeKey(name.slice(extraPrefix.length));
      extra.set(key, [...(extra.get(key) ?? []), value]);
      found = true;
    }
  }
  if (username !== "") return { username, uid, groups, extra };
  if (found || uid !== "")
    throw ApiError.badRequest(`requested ${goSyntax(uid, groups, extra)} without impersonating a user name`);
  return undefined;
}

/** The wanted user as Go's %#v shows it, which is what upstream's message does. */
function goSyntax(uid: string, groups: readonly string[], extra: ReadonlyMap<string, readonly string[]>): string {
  const list = (values: readonly string[]) => `[]string{${values.map(goQuote).join(", ")}}`;
  const pairs = [...extra]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, values]) => `${goQuote(key)}:${list(values)}`);
  const shownGroups = groups.length === 0 ? "[]string(nil)" : list(groups);
  const shownExtra = pairs.length === 0 ? "map[string][]string(nil)" : `map[string][]string{${pairs.join(", ")}}`;
  return `&user.DefaultInfo{Name:"", UID:${goQuote(uid)}, Groups:${shownGroups}, Extra:${shownExtra}}`;
}
