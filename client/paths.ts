import type { ResourceIdentity } from "./options.ts";

const plain = /^[A-Za-z0-9._~:-]+$/;

/** One path segment; the colons of RBAC names stay readable. */
function segment(text: string): string {
  if (plain.test(text)) return text;
  return encodeURIComponent(text).replaceAll("%3A", ":");
}

export interface Target {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** May have several segments: `proxy/healthz`. */
  readonly subresource?: string | undefined;
}

/** `/apis/apps/v1/namespaces/default/deployments/web/status`. Namespaces are ignored for what belongs to the cluster. */
export function resourcePath(identity: ResourceIdentity, { namespace, name, subresource }: Target = {}): string {
  let path = identity.group === "" ? `/api/${identity.version}` : `/apis/${identity.group}/${identity.version}`;
  if (identity.scope === "Namespaced" && namespace !== undefined) path += `/namespaces/${segment(namespace)}`;
  path += `/${identity.plural}`;
  if (name !== undefined) path += `/${segment(name)}`;
  if (subresource !== undefined) path += `/${subresource.split("/").map(segment).join("/")}`;
  return path;
}
