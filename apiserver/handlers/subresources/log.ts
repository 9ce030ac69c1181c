import type { Pod } from "../../../api/generated/types/core-v1.ts";
import type { Backend } from "../../nodes/backend.ts";
import { answered, kubeletOf, originOf, plainFailure, reachable } from "../../nodes/reach.ts";
import { refusedLog } from "../../nodes/refused-log.ts";
import type { Subresource } from "../resource.ts";
import { chooseContainer } from "./choose-container.ts";
import { logOptionsOf } from "./log-options.ts";

/** Of what a kubelet says when it refuses. */
const maxRefusalBytes = 50_000;

/** GET pods/NAME/log: a container's log, as its kubelet reads it (pkg/registry/core/pod/rest/log.go). */
export function logSubresource(backend: Backend | undefined): Subresource {
  return {
    async get(scope, pods, request) {
      const { namespace, name } = request.info;
      const options = logOptionsOf(request.query, name);
      await scope.cache.waitUntilFresh(request.signal);
      const pod = pods.get(namespace, name).object as unknown as Pod;
      const container = chooseContainer(pod, options.container);
      const { nodeName = "" } = pod.spec;
      // Nobody runs it yet: there is nothing to tell, and nothing wrong.
      if (nodeName === "") return { type: "stream", status: 204, headers: {}, body: nothing() };
      const kubelet = kubeletOf(scope, nodeName);
      const target = options.insecureSkipTLSVerifyBackend
        ? { ...kubelet, trust: "kubelet-insecure" as const }
        : kubelet;
      const path = `/containerLogs/${namespace}/${name}/${container}?${options.params}`;
      const headers = [["host", new URL(originOf(target)).host]] as const;
      const { signal } = request;
      const answer = await answered(
        reachable(backend).send(target, { method: "GET", path, headers, signal }),
        (message) => plainFailure(`Get "${originOf(target)}${path}": ${message}`),
      );
      if (answer.status < 200 || answer.status > 206) {
        throw refusedLog(answer.status, await textOf(answer.body), name);
      }
      return { type: "stream", status: 200, headers: { "content-type": "text/plain" }, body: answer.body };
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size >= maxRefusalBytes) break;
  }
  return Buffer.concat(parts).subarray(0, maxRefusalBytes).toString("utf8");
}
