import { readFile } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import type { ServerAccess } from "./server-access.ts";

/** A token read from a file is good for this long (client-go transport/token_source: a minute less ten seconds). */
const rereadAfterMs = 50_000;

/** The headers that say who one is. Reads the token file again from time to time; keeps the last token while it cannot be read. */
export function createCredentials(
  access: ServerAccess,
  clock: Clock,
): () => Promise<Record<string, string | string[]>> {
  const fixed = impersonationHeaders(access);
  const { tokenFile, token, basic } = access;
  if (tokenFile === undefined) {
    if (token !== undefined) fixed["authorization"] = `Bearer ${token}`;
    else if (basic !== undefined) {
      fixed["authorization"] = `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString("base64")}`;
    }
    return () => Promise.resolve(fixed);
  }
  let headers: Record<string, string | string[]> | undefined;
  let readAtMs = 0;
  return async () => {
    if (headers !== undefined && clock.monotonicMs() - readAtMs < rereadAfterMs) return headers;
    try {
      const text = (await readFile(tokenFile, "utf8")).trim();
      if (text === "") throw new Error(`the token file ${tokenFile} is empty`);
      headers = { ...fixed, authorization: `Bearer ${text}` };
      readAtMs = clock.monotonicMs();
    } catch (error) {
      if (headers === undefined) throw error;
    }
    return headers;
  };
}

function impersonationHeaders({ impersonate }: ServerAccess): Record<string, string | string[]> {
  if (impersonate === undefined) return {};
  const headers: Record<string, string | string[]> = { "impersonate-user": impersonate.user };
  if (impersonate.uid !== undefined) headers["impersonate-uid"] = impersonate.uid;
  if (impersonate.groups !== undefined && impersonate.groups.length > 0)
    headers["impersonate-group"] = [...impersonate.groups];
  for (const [key, values] of Object.entries(impersonate.extra ?? {})) {
    headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = [...values];
  }
  return headers;
}
