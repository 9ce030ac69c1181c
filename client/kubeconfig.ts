import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { dump, loadAll } from "js-yaml";
import type { ServerAccess } from "./http/server-access.ts";

/** Longest kubeconfig that is read: aliases could make a small text a large value, and no real one comes near. */
const maxBytes = 4 << 20;

export interface KubeconfigCluster {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "tls-server-name"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "proxy-url"?: string;
}

export interface KubeconfigUser {
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly "as-uid"?: string;
  readonly "as-groups"?: readonly string[];
  readonly "as-user-extra"?: Readonly<Record<string, readonly string[]>>;
  readonly exec?: object;
  readonly "auth-provider"?: object;
}

export interface KubeconfigContext {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

type Named<K extends string, V> = { readonly name: string } & { readonly [key in K]: V };

/** client-go tools/clientcmd/api/v1 Config. Paths in it are absolute once it has been loaded. */
export interface Kubeconfig {
  readonly clusters: readonly Named<"cluster", KubeconfigCluster>[];
  readonly users: readonly Named<"user", KubeconfigUser>[];
  readonly contexts: readonly Named<"context", KubeconfigContext>[];
  readonly "current-context": string;
}

export interface ContextChoice {
  /** Default: the current one. */
  readonly context?: string | undefined;
  /** Instead of the context's. */
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
}

export interface ResolvedContext {
  readonly access: ServerAccess;
  /** The context's, or `default`. */
  readonly namespace: string;
}

const empty: Kubeconfig = { clusters: [], users: [], contexts: [], "current-context": "" };

/** Reads YAML or JSON. Relative paths in it are taken as relative to `folder`. Throws where it is no kubeconfig. */
export function parseKubeconfig(text: string, folder?: string): Kubeconfig {
  if (text.length > maxBytes) throw new Error(`a kubeconfig may have at most ${maxBytes} bytes`);
  const value = loadAll(text)[0] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw new Error("a kubeconfig must be an object");
  const { clusters, users, contexts, "current-context": current } = value as Partial<Record<keyof Kubeconfig, unknown>>;
  return {
    clusters: entries(clusters, "cluster").map((entry) =>
      withPaths(entry, "cluster", ["certificate-authority"], folder),
    ),
    users: entries(users, "user").map((entry) =>
      withPaths(entry, "user", ["client-certificate", "client-key", "tokenFile"], folder),
    ),
    contexts: entries(contexts, "context"),
    "current-context": typeof current === "string" ? current : "",
  } as unknown as Kubeconfig;
}

/** Several files as one: of each name the first file that has it counts. Files that do not exist are passed over. */
export async function loadKubeconfig(paths: readonly string[]): Promise<Kubeconfig> {
  let merged = empty;
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) continue;
    try {
      merged = mergeKubeconfigs(merged, parseKubeconfig(text, dirname(path)));
    } catch (cause) {
      throw new Error(`error loading config file "${path}": ${(cause as Error).message}`, { cause });
    }
  }
  return merged;
}

/** `first`, and what only `second` has. */
export function mergeKubeconfigs(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  const union = <T extends { readonly name: string }>(a: readonly T[], b: readonly T[]): T[] => {
    const names = new Set(a.map(({ name }) => name));
    return [...a, ...b.filter(({ name }) => !names.has(name))];
  };
  return {
    clusters: union(first.clusters, second.clusters),
    users: union(first.users, second.users),
    contexts: union(first.contexts, second.contexts),
    "current-context": first["current-context"] || second["current-context"],
  };
}

/** As a file. */
export function formatKubeconfig(config: Kubeconfig): string {
  return dump({ apiVersion: "v1", kind: "Config", preferences: {}, ...config }, { lineWidth: -1, noRefs: true });
}

/** What a context means, with the files it names read. Throws, saying what is missing. */
export async function resolveContext(config: Kubeconfig, choice: ContextChoice = {}): Promise<ResolvedContext> {
  const name = choice.context ?? config["current-context"];
  const context = find(config.contexts, name)?.context;
  if (context === undefined && name !== "") throw new Error(`context "${name}" does not exist`);
  const clusterName = choice.cluster ?? context?.cluster ?? "";
  const cluster = find(config.clusters, clusterName)?.cluster;
  if (cluster === undefined) {
    throw new Error(
      clusterName === "" ? "no configuration has been provided" : `cluster "${clusterName}" does not exist`,
    );
  }
  const userName = choice.user ?? context?.user ?? "";
  const user = find(config.users, userName)?.user;
  if (user === undefined && userName !== "") throw new Error(`auth info "${userName}" does not exist`);
  return { access: await accessOf(cluster, user ?? {}), namespace: context?.namespace || "default" };
}

/** The part of a server's access that is who one is to it. */
export type UserAccess = Pick<ServerAccess, "certificate" | "key" | "token" | "tokenFile" | "basic" | "impersonate">;

/** Who a user is, with the files it names read. Rejects where that is said in a way that is not supported. */
export async function resolveUser(user: KubeconfigUser): Promise<UserAccess> {
  for (const plugin of ["exec", "auth-provider"] as const) {
    if (user[plugin] !== undefined) throw new Error(`credentials by ${plugin} are not supported`);
  }
  return {
    certificate: await pem(user["client-certificate-data"], user["client-certificate"]),
    key: await pem(user["client-key-data"], user["client-key"]),
    token: user.token || undefined,
    tokenFile: user.tokenFile || undefined,
    basic: user.username ? { username: user.username, password: user.password ?? "" } : undefined,
    impersonate: user.as
      ? { user: user.as, uid: user["as-uid"], groups: user["as-groups"], extra: user["as-user-extra"] }
      : undefined,
  };
}

async function accessOf(cluster: KubeconfigCluster, user: KubeconfigUser): Promise<ServerAccess> {
  if (cluster["proxy-url"]) throw new Error("proxy-url is not supported");
  const server = cluster.server ?? "";
  return {
    server: server.includes("://") ? server : `http://${server || "localhost:8080"}`,
    ca: await pem(cluster["certificate-authority-data"], cluster["certificate-authority"]),
    serverName: cluster["tls-server-name"] || undefined,
    insecureSkipVerify: cluster["insecure-skip-tls-verify"],
    ...(await resolveUser(user)),
  };
}

/** Data goes before the file. */
async function pem(data: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, "base64").toString("utf8");
  return path ? readFile(path, "utf8") : undefined;
}

function find<T extends { readonly name: string }>(entries: readonly T[], name: string): T | undefined {
  return entries.find((entry) => entry.name === name);
}

function entries(value: unknown, key: string): { readonly name: string }[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`${key}s must be a list`);
  return value.map((entry: unknown) => {
    const { name, [key]: inner } = (entry ?? {}) as Record<string, unknown>;
    if (typeof name !== "string") throw new Error(`each of the ${key}s must have a name`);
    return { name, [key]: inner ?? {} };
  });
}

function withPaths(
  entry: { readonly name: string },
  key: string,
  fields: readonly string[],
  folder: string | undefined,
): unknown {
  const inner = { ...(entry as unknown as Record<string, Record<string, unknown>>)[key] };
  for (const field of fields) {
    const path = inner[field];
    if (folder !== undefined && typeof path === "string" && path !== "" && !isAbsolute(path))
      inner[field] = join(folder, path);
  }
  return { name: entry.name, [key]: inner };
}
