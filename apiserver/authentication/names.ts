import { isDNS1123Label, isDNS1123Subdomain } from "../../apimachinery/validation/dns.ts";

/** Names of users and groups that the server itself knows (apiserver/pkg/authentication/user). */
export const anonymousUser = "system:anonymous";
export const groupAuthenticated = "system:authenticated";
export const groupUnauthenticated = "system:unauthenticated";
export const groupMasters = "system:masters";
export const groupNodes = "system:nodes";
export const groupServiceAccounts = "system:serviceaccounts";
export const nodeUserPrefix = "system:node:";
export const serviceAccountUserPrefix = "system:serviceaccount:";

/** Keys of a user's `extra` that say where a credential comes from. */
export const extraCredentialId = "authentication.kubernetes.io/credential-id";
export const extraPodName = "authentication.kubernetes.io/pod-name";
export const extraPodUid = "authentication.kubernetes.io/pod-uid";
export const extraNodeName = "authentication.kubernetes.io/node-name";
export const extraNodeUid = "authentication.kubernetes.io/node-uid";

/** `system:serviceaccount:NAMESPACE:NAME` */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `${serviceAccountUserPrefix}${namespace}:${name}`;
}

/** All service accounts, and those of the namespace; `system:authenticated` comes later, as for everybody. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return [groupServiceAccounts, `${groupServiceAccounts}:${namespace}`];
}

/** Namespace and name of a service account's user name; undefined for any other user. */
export function splitServiceAccountUsername(
  username: string,
): { readonly namespace: string; readonly name: string } | undefined {
  if (!username.startsWith(serviceAccountUserPrefix)) return undefined;
  const parts = username.slice(serviceAccountUserPrefix.length).split(":");
  const [namespace, name] = parts;
  if (parts.length !== 2 || namespace === undefined || name === undefined) return undefined;
  if (isDNS1123Label(namespace).length > 0 || isDNS1123Subdomain(name).length > 0) return undefined;
  return { namespace, name };
}
