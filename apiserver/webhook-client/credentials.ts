/** Who the server is to a webhook. */
export interface WebhookCredentials {
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

/** The users of the kubeconfig that `--admission-control-config-file` leads to, read. */
export interface WebhookKubeconfig {
  readonly users: ReadonlyMap<string, WebhookCredentials>;
  /** The user of the current context. */
  readonly currentUser?: string;
}

/**
 * The user for a webhook at `target` (`name.namespace.svc:443`): by that name, by `*.` and an ending of it, each again without
 * the port if that is 443, then `*`, then the current context's. Undefined: anonymous
 * (apiserver/pkg/util/webhook/authentication.go).
 */
export function credentialsFor(kubeconfig: WebhookKubeconfig, target: string): WebhookCredentials | undefined {
  const { users, currentUser } = kubeconfig;
  const names = [...namesOf(target)];
  if (target.endsWith(":443")) names.push(...namesOf(target.slice(0, -":443".length)));
  names.push("*");
  if (currentUser !== undefined) names.push(currentUser);
  for (const name of names) {
    const found = users.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function* namesOf(target: string): Generator<string> {
  yield target;
  const steps = target.split(".");
  for (let i = 1; i < steps.length; i++) yield `*.${steps.slice(i).join(".")}`;
}
