import { createHash } from "node:crypto";
import { formsOf, refuseUnlessReadable, refuseUnlessRouted } from "../handlers/acceptable.ts";
import { methodNotAllowed } from "../handlers/scope.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions } from "./documents.ts";
import { type ServedGroup, type ServedResource, servedGroups } from "./served.ts";

type Answer = (request: ApiRequest) => ApiResponse;

/**
 * Discovery by path, without a slash at the end: plain documents, and the aggregated ones where the client asks for them. Each
 * document is made when first asked for.
 */
export function discoveryHandlers(
  served: readonly ServedResource[],
  serverAddress: string,
): ReadonlyMap<string, Answer> {
  const groups = servedGroups(served);
  const core = groups.filter(({ name }) => name === "");
  const named = groups.filter(({ name }) => name !== "");
  const handlers = new Map<string, Answer>([
    ["/api", routed(either(core, () => apiVersions(serverAddress)))],
    ["/apis", either(named, () => apiGroupList(named))],
  ]);
  for (const group of groups) {
    const root = group.name === "" ? "/api" : `/apis/${group.name}`;
    if (group.name !== "") {
      handlers.set(
        root,
        plain(() => apiGroup(group)),
      );
    }
    for (const { version, resources } of group.versions) {
      handlers.set(
        `${root}/${version}`,
        routed(
          plain(() => apiResourceList(group.name, version, resources)),
          resources,
        ),
      );
    }
  }
  return handlers;
}

/** What upstream's router serves, which asks for the method: not `/apis` and groups, nor versions of custom resources. */
function routed(answer: Answer, resources: readonly ServedResource[] = []): Answer {
  if (resources.some(({ custom }) => custom === true)) return answer;
  return (request) => {
    if (request.method !== "GET") throw methodNotAllowed();
    refuseUnlessRouted(request, formsOf.object);
    return answer(request);
  };
}

function plain(make: () => object): Answer {
  let value: object | undefined;
  return (request) => {
    refuseUnlessReadable(request);
    value ??= make();
    return { type: "value", status: 200, value };
  };
}

interface Document {
  readonly body: Buffer;
  readonly etag: string;
}

function either(groups: readonly ServedGroup[], makePlain: () => object): Answer {
  const unaggregated = plain(makePlain);
  const documents = new Map<string, Document>();
  return (request) => {
    const version = aggregatedVersion(request.header("accept") ?? "");
    if (version === undefined) {
      return unaggregated(request);
    }
    let document = documents.get(version);
    if (document === undefined) {
      document = documentOf(aggregatedDiscovery(groups, version));
      documents.set(version, document);
    }
    const headers = { etag: document.etag, vary: "Accept", "cache-control": "public" };
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    return request.header("if-none-match") === document.etag
      ? { type: "raw", status: 304, contentType, body: "", headers }
      : { type: "raw", status: 200, contentType, body: document.body, headers };
  };
}

function documentOf(value: object): Document {
  const body = Buffer.from(JSON.stringify(value));
  return { body, etag: `"${createHash("sha512").update(body).digest("hex").toUpperCase()}"` };
}

/** `v2` or `v2beta1` where the first clause that asks for the aggregated form in JSON does so; clients list it first. */
function aggregatedVersion(accept: string): string | undefined {
  for (const clause of accept.split(",")) {
    if (!clause.includes("as=APIGroupDiscoveryList") || !clause.includes("application/json")) {
      continue;
    }
    const version = /v=(v2|v2beta1)(?:;|$)/.exec(clause.trim())?.[1];
    if (version !== undefined) {
      return version;
    }
  }
  return undefined;
}
