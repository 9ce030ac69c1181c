import type { Authenticated, TokenAuthenticator } from "./authenticator.ts";

/**
 * Users by fixed tokens: `token,user,uid,"group1,group2"` a line (apiserver/pkg/authentication/token/tokenfile). Throws where
 * the text is no such table; `file` is for that message. Empty tokens count for nothing, of two the last does.
 */
export function tokenFileAuthenticator(text: string, file: string): TokenAuthenticator {
  const users = new Map<string, Authenticated>();
  for (const record of parseCsv(text)) {
    if (record.length < 3) {
      const columns = "token, user name, user uid";
      throw new Error(`token file '${file}' must have at least 3 columns (${columns}), found ${record.length}`);
    }
    const [token = "", username = "", uid = "", groups] = record;
    if (token === "") continue;
    const named = groups === undefined ? [] : groups.split(",");
    users.set(token, { user: { username, ...(uid === "" ? {} : { uid }), groups: named } });
  }
  return { name: "token-file", authenticateToken: (token) => users.get(token) };
}

/** RFC 4180, line by line; empty lines are none. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length || record.length > 0) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (match === null) throw new Error(`parse error at character ${at + 1}: a quote where none may be`);
    const [, quoted, plain = "", end] = match;
    record.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
  }
  return records;
}
