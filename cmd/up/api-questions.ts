import { readFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { type KubeconfigContent, readKubeconfig } from "../certificates/kubeconfig.ts";
import { dataFiles } from "../data-dir.ts";

/** The few questions that starting and looking at a cluster ask of its API, without a whole client. */
export interface ApiQuestions extends Disposable {
  /** Whether the API server says that it is ready. False where it does not answer. */
  ready(): Promise<boolean>;
  /** Whether a node is Ready, and has said so since `since` (ISO 8601; seconds count). False where nobody answers. */
  nodeReady(name: string, since: string): Promise<NodeVerdict>;
}

export type NodeVerdict = { readonly ready: true } | { readonly ready: false; readonly why: string };

const timeoutMs = 3_000;

/** As the administrator. Undefined where the cluster has no admin.conf yet. */
export async function apiQuestions(dataDir: string): Promise<ApiQuestions | undefined> {
  const content = readKubeconfig(await readFile(dataFiles(dataDir).adminConf, "utf8").catch(() => ""));
  if (content === undefined) return undefined;
  const agent = new Agent({ keepAlive: true, ca: content.authority, cert: content.certificate, key: content.key });
  const get = (path: string) => ask(content, agent, path);
  return {
    ready: async () => (await get("/readyz"))?.status === 200,
    nodeReady: async (name, since) => {
      const answer = await get(`/api/v1/nodes/${name}`);
      if (answer === undefined) return { ready: false, why: "the API server does not answer" };
      if (answer.status === 404) return { ready: false, why: `the node ${name} has not registered` };
      if (answer.status !== 200) return { ready: false, why: `the API server answers ${answer.status}` };
      return nodeVerdict(JSON.parse(answer.body), since);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
      readonly lastHeartbeatTime?: string;
    }[];
  };
}

/** What a node says of itself. What it said before `since` is of an earlier life. */
export function nodeVerdict({ metadata, status }: NodeObject, since: string): NodeVerdict {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const heartbeat = ready?.lastHeartbeatTime;
  if (heartbeat === undefined || Date.parse(heartbeat) < Math.floor(Date.parse(since) / 1_000) * 1_000) {
    return { ready: false, why: `the node ${metadata.name} has not reported` };
  }
  return ready?.status === "True"
    ? { ready: true }
    : { ready: false, why: `the node ${metadata.name} is not ready: ${ready?.message ?? "it does not say why"}` };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask({ server }: KubeconfigContent, agent: Agent, path: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const sent = request(`${server}${path}`, { agent, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => resolve(undefined));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(undefined));
    sent.end();
  });
}
