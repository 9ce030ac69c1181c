export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** `deployments.apps`, `secrets`, `*.` (all of the core group), `*.*`; as schema.ParseGroupResource. */
export function parseGroupResource(text: string): GroupResource {
  const dot = text.indexOf(".");
  return dot < 0 ? { group: "", resource: text } : { group: text.slice(dot + 1), resource: text.slice(0, dot) };
}

/** Back again; the core group's resources have no dot, all of them have one. */
export function groupResourceText({ group, resource }: GroupResource): string {
  return group === "" && resource !== "*" ? resource : `${resource}.${group}`;
}
