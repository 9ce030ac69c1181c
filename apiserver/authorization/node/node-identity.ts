import type { UserInfo } from "../../../apimachinery/resource/object.ts";
import { groupNodes, nodeUserPrefix } from "../../authentication/names.ts";

/** The node a user is, possibly without a name (""); undefined for everybody else (pkg/auth/nodeidentifier). */
export function nodeIdentity(user: UserInfo): string | undefined {
  if (!user.username.startsWith(nodeUserPrefix) || !user.groups.includes(groupNodes)) return undefined;
  return user.username.slice(nodeUserPrefix.length);
}
