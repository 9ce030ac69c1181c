import { existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, realpath, rename, stat, unlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { dump, loadAll } from "js-yaml";
import type { KubeconfigContent } from "../certificates/kubeconfig.ts";

type Entry = Readonly<Record<string, unknown>> & { readonly name: string };
type Document = Readonly<Record<string, unknown>>;

/** The file that kubectl would write to: the first that KUBECONFIG names, else `~/.kube/config`. */
export function userKubeconfigFile(environment: NodeJS.ProcessEnv = process.env): string {
  const first = environment["KUBECONFIG"]?.split(":").find((path) => path !== "");
  return first ?? join(homedir(), ".kube", "config");
}

/**
 * Puts a context, and the cluster and user of the same name, into somebody's kubeconfig, and makes it the current one. What
 * else is in there stays as it is, but for comments. The file appears whole, and nobody but its owner can read it. Throws where
 * there is a file that is no kubeconfig, and leaves it alone.
 */
export function addContext(file: string, name: string, content: KubeconfigContent): Promise<void> {
  return change(file, (document) => withContext(document, name, content));
}

/** Takes away what `addContext` has put in. */
export async function removeContext(file: string, name: string): Promise<void> {
  if (existsSync(file)) await change(file, (document) => withoutContext(document, name));
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

export function withContext(document: Document, name: string, content: KubeconfigContent): Document {
  const cluster = { server: content.server, "certificate-authority-data": base64(content.authority) };
  const user = {
    "client-certificate-data": base64(content.certificate),
    "client-key-data": base64(content.key),
  };
  const put = (key: string, entry: Entry): Entry[] => {
    const entries = listOf(document, key);
    const there = entries.findIndex((one) => one.name === name);
    return there < 0 ? [...entries, entry] : entries.with(there, entry);
  };
  return {
    apiVersion: "v1",
    kind: "Config",
    ...document,
    clusters: put("clusters", { name, cluster }),
    contexts: put("contexts", { name, context: { ...namespaceOf(document, name), cluster: name, user: name } }),
    users: put("users", { name, user }),
    "current-context": name,
  };
}

export function withoutContext(document: Document, name: string): Document {
  const rest = (key: string): object =>
    document[key] === undefined ? {} : { [key]: listOf(document, key).filter((entry) => entry.name !== name) };
  const current = document["current-context"] === name ? { "current-context": "" } : {};
  return { ...document, ...rest("clusters"), ...rest("contexts"), ...rest("users"), ...current };
}

/** What `kubectl config set-context --namespace` has set stays. */
function namespaceOf(document: Document, name: string): object {
  const context = listOf(document, "contexts").find((one) => one.name === name)?.["context"];
  const { namespace } = (context ?? {}) as { namespace?: unknown };
  return namespace === undefined ? {} : { namespace };
}

function listOf(document: Document, key: string): readonly Entry[] {
  const list = document[key] ?? [];
  if (!Array.isArray(list)) throw new Error(`its ${key} are no list`);
  return list as Entry[];
}

async function change(path: string, how: (document: Document) => Document): Promise<void> {
  // The file that a link names is changed, not the link.
  const file = await realpath(path).catch(() => path);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const unlock = await lock(file);
  try {
    const before = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const document = parse(before);
    const after = how(document);
    if (JSON.stringify(after) === JSON.stringify(document)) return;
    const temporary = `${file}.${process.pid}.new`;
    await writeFile(temporary, dump(after, { lineWidth: -1, noRefs: true }), { mode: 0o600 });
    await keepOwner(file, temporary);
    await rename(temporary, file);
  } finally {
    await unlock();
  }
}

function parse(text: string): Document {
  const value: unknown = loadAll(text)[0] ?? {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it is no kubeconfig");
  return value as Document;
}

/** What is somebody's stays theirs, whoever runs the command. */
async function keepOwner(file: string, temporary: string): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there === undefined) return;
  await chmod(temporary, there.mode & 0o777 & ~0o077);
  const handle = await open(temporary, "r");
  try {
    await handle.chown(there.uid, there.gid);
  } finally {
    await handle.close();
  }
}

const lockWaitMs = 2_000;
const lockPollMs = 20;

/** As kubectl does it (client-go tools/clientcmd/config.go): a file beside it that only one can create. */
async function lock(file: string): Promise<() => Promise<void>> {
  const name = `${file}.lock`;
  for (let waitedMs = 0; ; waitedMs += lockPollMs) {
    try {
      await (await open(name, "wx", 0o600)).close();
      return () => unlink(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || waitedMs >= lockWaitMs) throw error;
      await delay(lockPollMs);
    }
  }
}
