/** What a client needs to reach the cluster. */
export interface KubeconfigContent {
  readonly server: string;
  /** PEM texts. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A kubeconfig of one cluster, `kubernetes`, and one user, laid out as kubeadm's. */
export function writeKubeconfig(user: string, { server, authority, certificate, key }: KubeconfigContent): string {
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(authority)}
    server: ${server}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: ${user}
  name: ${user}@kubernetes
current-context: ${user}@kubernetes
kind: Config
users:
- name: ${user}
  user:
    client-certificate-data: ${base64(certificate)}
    client-key-data: ${base64(key)}
`;
}

/** Reads back what `writeKubeconfig` wrote, without a YAML parser; undefined where the text is something else. */
export function readKubeconfig(text: string): KubeconfigContent | undefined {
  const value = (key: string) => new RegExp(`^\\s*${key}:\\s*"?([^\\s"]+)"?\\s*$`, "m").exec(text)?.[1];
  const [authority, certificate, key, server] = [
    "certificate-authority-data",
    "client-certificate-data",
    "client-key-data",
    "server",
  ].map(value);
  if (authority === undefined || certificate === undefined || key === undefined || server === undefined)
    return undefined;
  const decode = (data: string) => Buffer.from(data, "base64").toString();
  return { server, authority: decode(authority), certificate: decode(certificate), key: decode(key) };
}
