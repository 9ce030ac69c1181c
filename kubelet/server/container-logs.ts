import type { ServerResponse } from "node:http";
import type { Pod } from "../../api/generated/types/core-v1.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { isCriError } from "../../cri/errors.ts";
import { readLogs } from "../logs/read-logs.ts";
import { HttpError } from "./answer.ts";
import { logQuery } from "./log-query.ts";
import { logRefusal } from "./log-refusal.ts";
import type { ContainerTarget } from "./node-api.ts";
import type { KubeletServerOptions } from "./options.ts";
import { hasContainer } from "./targets.ts";

interface LogRequest {
  readonly namespace: string;
  readonly podName: string;
  readonly container: string;
  readonly query: URLSearchParams;
}

/** GET /containerLogs/NAMESPACE/POD/CONTAINER. Ends when the log does, the container has, or the client is gone. */
export async function serveContainerLogs(
  { api, runtime, clock }: Pick<KubeletServerOptions, "api" | "runtime" | "clock">,
  { namespace, podName, container, query }: LogRequest,
  response: ServerResponse,
): Promise<void> {
  const options = logQuery(query, clock.now());
  const pod = api.pod(namespace, podName);
  if (pod === undefined) throw new HttpError(404, `pod ${goQuote(podName)} does not exist`);
  if (!hasContainer(pod, container)) {
    throw new HttpError(404, `container ${goQuote(container)} not found in pod ${goQuote(podName)}`);
  }
  const target = await targetOf(api.container(pod, container, { previous: options.previous }), pod, {
    container,
    previous: options.previous,
  });
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
  // Before there is a line: whoever follows learns that the log is being read.
  response.flushHeaders();
  const isRunning = (): Promise<boolean> => stillRunning(runtime, target);
  try {
    for await (const piece of readLogs({ path: target.logPath, clock, isRunning }, options, gone.signal)) {
      if (!response.write(piece)) await drained(response);
      if (gone.signal.aborted) return;
    }
  } catch (error) {
    if (gone.signal.aborted) return;
    // The answer has begun: as upstream, what went wrong is the rest of it.
    response.write((error as Error).message);
  }
  response.end();
}

async function targetOf(
  found: Promise<ContainerTarget | undefined>,
  pod: Pod,
  { container, previous }: { readonly container: string; readonly previous: boolean },
): Promise<ContainerTarget> {
  const target = await found;
  if (target === undefined || target.state === "created") {
    throw new HttpError(400, logRefusal(pod, container, previous));
  }
  return target;
}

async function stillRunning(
  runtime: KubeletServerOptions["runtime"],
  { containerId }: ContainerTarget,
): Promise<boolean> {
  try {
    const { status } = await runtime.containerStatus({ containerId });
    return status?.state === "CONTAINER_RUNNING";
  } catch (error) {
    // Containers live on while their runtime restarts; one that it does not know has gone.
    return isCriError(error, "Unavailable");
  }
}

function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.once("drain", done).once("close", done);
  });
}
