import type { UserInfo } from "../../apimachinery/resource/object.ts";

/** Who the aggregator is where it asks for itself. */
export const aggregator: UserInfo = { username: "system:kube-aggregator", groups: ["system:masters"] };

/** What tells an extension server who asks: it believes whoever shows the front proxy's certificate (client-go SetAuthProxyHeaders). */
export function identityHeaders(user: UserInfo): readonly (readonly [name: string, value: string])[] {
  const headers: [string, string][] = [["X-Remote-User", user.username]];
  if (user.uid !== undefined && user.uid !== "") headers.push(["X-Remote-Uid", user.uid]);
  for (const group of user.groups) headers.push(["X-Remote-Group", group]);
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    for (const value of values) headers.push([`X-Remote-Extra-${escapeKey(key)}`, value]);
  }
  return headers;
}

/** Characters that no header name may have, and the percent sign itself, as percent and two digits. */
function escapeKey(key: string): string {
  return [...Buffer.from(key.toLowerCase())]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const plain = /[a-z0-9!#$&'*+.^_`|~-]/.test(character);
      return plain ? character : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
    })
    .join("");
}
