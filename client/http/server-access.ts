/** How to reach a server and who one is there: what a kubeconfig's context says. */
export interface ServerAccess {
  /** `https://host:6443`, with a path where the API is not at the root. */
  readonly server: string;
  /** PEM certificates that may sign the server's. Default: the system's. */
  readonly ca?: string | undefined;
  /** Name to expect in the server's certificate, where it is not the host of `server`. */
  readonly serverName?: string | undefined;
  /** Any certificate will do: for tests by hand alone. */
  readonly insecureSkipVerify?: boolean | undefined;
  /** PEM client certificate and its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  /** A file with the token, read again each minute. Goes before `token`. */
  readonly tokenFile?: string | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  readonly impersonate?: Impersonation | undefined;
}

export interface Impersonation {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}
