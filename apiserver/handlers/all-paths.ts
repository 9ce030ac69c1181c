import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { DiscoveryDocument } from "../authentication/oidc-discovery.ts";
import type { Handler } from "../chain.ts";
import { discoveryHandlers } from "../discovery/handler.ts";
import { type ServedKinds, servedResources } from "../discovery/served.ts";
import { openApiHandlers } from "../openapi/handlers.ts";
import {
  type HealthCheck,
  healthHandlers,
  metricsHandler,
  type PathHandler,
  pathHandler,
  versionHandler,
} from "./paths.ts";
import type { Subresource } from "./resource.ts";

export interface PathParts {
  /** Stored resources and reviews. */
  readonly definitions: readonly ResourceDefinition[];
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly externalAddress: string;
  readonly version: { readonly gitVersion: string };
  readonly metrics: MetricsRegistry;
  readonly openIdDocuments: readonly DiscoveryDocument[];
  readonly checks: readonly HealthCheck[];
  /** Paths that other parts of the server answer. */
  readonly others: ReadonlyMap<string, PathHandler>;
  /** Where the sentences of `kubectl explain` lie; absent: OpenAPI has none. */
  readonly descriptionsFile?: string;
}

/** All paths that are no resources. */
export function allPaths(parts: PathParts): Handler {
  const kinds = servedKinds(parts);
  const openApi = openApiHandlers({
    served: servedResources(kinds),
    version: parts.version.gitVersion,
    ...(parts.descriptionsFile === undefined ? {} : { descriptionsFile: parts.descriptionsFile }),
  });
  const documents = parts.openIdDocuments.map(({ path, contentType, cacheControl, body }): [string, PathHandler] => [
    path,
    () => ({ type: "raw", status: 200, contentType, body, headers: { "cache-control": cacheControl } }),
  ]);
  const exact = new Map<string, PathHandler>([
    ...discoveryHandlers(kinds, parts.externalAddress),
    ...openApi.exact,
    ...documents,
    ["/version", versionHandler(parts.version)],
    ["/metrics", metricsHandler(parts.metrics)],
    ...healthHandlers(parts.checks),
  ]);
  // Answered, and not listed under `/`.
  return pathHandler(exact, openApi.prefix, parts.others);
}

function servedKinds({ definitions, subresources }: PathParts): ServedKinds {
  const declared = new Map(definitions.map((one) => [`${one.plural}.${one.group}`, one.subresources]));
  return {
    definitions,
    hasSubresource({ group, plural }, name) {
      const own = declared.get(`${plural}.${group}`);
      return (
        subresources.has(`${plural}.${group}/${name}`) ||
        (name === "status" && own?.status === true) ||
        (name === "scale" && own?.scale !== undefined)
      );
    },
  };
}
