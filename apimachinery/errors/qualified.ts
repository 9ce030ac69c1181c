export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** `deployments.apps`, `Deployment.apps`, or the bare word for the core group. */
export function qualified(name: GroupResource | GroupKind): string {
  const word = "resource" in name ? name.resource : name.kind;
  return name.group === "" ? word : `${word}.${name.group}`;
}
