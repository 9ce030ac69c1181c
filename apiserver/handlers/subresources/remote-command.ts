import type { Pod } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { Backend } from "../../nodes/backend.ts";
import { passUpgrade } from "../../nodes/pass-on.ts";
import { kubeletOf } from "../../nodes/reach.ts";
import type { ApiRequest } from "../../request.ts";
import type { ResourceHandler, Subresource } from "../resource.ts";
import { chooseContainer } from "./choose-container.ts";
import { admitConnection, requireCreate } from "./connect.ts";
import { queryFlag } from "./log-options.ts";

type Kind = "exec" | "attach" | "portforward";

interface Connection {
  /** PodExecOptions and its siblings. */
  readonly options: { readonly kind: string; readonly [field: string]: unknown };
  /** Path and query of the kubelet's API. */
  readonly kubeletPath: (pod: Pod) => string;
}

/** pods/NAME/exec, attach and portforward: a connection to the kubelet, whatever it speaks (pod/rest/subresources.go). */
export function connectSubresource(kind: Kind, backend: Backend | undefined): Subresource {
  const connect: ResourceHandler = async (scope, pods, request) => {
    const { namespace, name } = request.info;
    const connection = kind === "portforward" ? portForward(request) : remoteCommand(kind, request);
    await admitConnection(scope, pods, request, connection.options);
    await requireCreate(scope, request);
    await scope.cache.waitUntilFresh(request.signal);
    const pod = pods.get(namespace, name).object as unknown as Pod;
    const path = connection.kubeletPath(pod);
    const { nodeName = "" } = pod.spec;
    if (nodeName === "") throw ApiError.badRequest(`pod ${name} does not have a host assigned`);
    return passUpgrade(backend, kubeletOf(scope, nodeName), path, request);
  };
  return { get: connect, create: connect };
}

function remoteCommand(kind: "exec" | "attach", { query }: ApiRequest): Connection {
  const [stdin, stdout, stderr, tty] = ["stdin", "stdout", "stderr", "tty"].map((name) => queryFlag(query, name));
  const command = query.getAll("command");
  const container = query.get("container") ?? "";
  const streams = { stdin, stdout, stderr, tty, container };
  return {
    options:
      kind === "exec" ? { kind: "PodExecOptions", ...streams, command } : { kind: "PodAttachOptions", ...streams },
    kubeletPath(pod) {
      const params = new URLSearchParams();
      const chosen = chooseContainer(pod, container);
      for (const one of kind === "exec" ? command : []) params.append("command", one);
      for (const [name, wanted] of Object.entries({ error: stderr, input: stdin, output: stdout, tty })) {
        if (wanted) params.set(name, "1");
      }
      return `/${kind}/${pod.metadata.namespace}/${pod.metadata.name}/${chosen}?${params}`;
    },
  };
}

function portForward({ query }: ApiRequest): Connection {
  const ports = query.getAll("ports").map((text) => {
    if (!/^[+-]?\d+$/.test(text)) {
      throw ApiError.badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
    }
    return Number(text);
  });
  const params = ports.length === 0 ? "" : `?${new URLSearchParams({ port: ports.join(",") })}`;
  return {
    options: { kind: "PodPortForwardOptions", ...(ports.length === 0 ? {} : { ports }) },
    kubeletPath: ({ metadata }) => `/portForward/${metadata.namespace}/${metadata.name}${params}`,
  };
}
