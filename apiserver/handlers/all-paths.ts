import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Clock } from "../../base/clock.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { DiscoveryDocument } from "../authentication/oidc-discovery.ts";
import type { Handler } from "../chain.ts";
import type { ServedDefinition } from "../custom-resources/custom-resources.ts";
import { customDiscovery } from "../custom-resources/discovery.ts";
import { discoveryHandlers } from "../discovery/handler.ts";
import { type ServedKinds, servedResources } from "../discovery/served.ts";
import { ServiceLevels } from "../metrics/service-levels.ts";
import { openApiHandlers } from "../openapi/handlers.ts";
import {
  type HealthCheck,
  healthHandlers,
  metricsHandler,
  onlyGet,
  type PathHandler,
  pathHandler,
  versionHandler,
} from "./paths.ts";
import type { Subresource } from "./resource.ts";
import { flagzHandler, statuszHandler } from "./z-pages.ts";

export interface PathParts {
  /** Stored resources and reviews. */
  readonly definitions: readonly ResourceDefinition[];
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly externalAddress: string;
  readonly clock: Clock;
  readonly version: { readonly gitVersion: string; readonly goVersion?: string };
  /** What the server was started with, for `/flagz`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly metrics: MetricsRegistry;
  readonly openIdDocuments: readonly DiscoveryDocument[];
  readonly checks: readonly HealthCheck[];
  /** What users have defined; the same list until something changes. */
  readonly custom: () => readonly ServedDefinition[];
  /** Paths that other parts of the server answer. */
  readonly others: ReadonlyMap<string, PathHandler>;
  /** Where the sentences of `kubectl explain` lie; absent: OpenAPI has none. */
  readonly descriptionsFile?: string;
}

/** All paths that are no resources. */
export function allPaths(parts: PathParts): Handler {
  const kinds = servedKinds(parts);
  const builtIn = servedResources(kinds);
  const openApi = openApiHandlers({
    served: builtIn,
    custom: parts.custom,
    version: parts.version.gitVersion,
    ...(parts.descriptionsFile === undefined ? {} : { descriptionsFile: parts.descriptionsFile }),
  });
  const levels = new ServiceLevels();
  const documents = parts.openIdDocuments.map((document): [string, PathHandler] => [
    document.path,
    onlyGet(() => {
      const { contentType, cacheControl, body } = document;
      return { type: "raw", status: 200, contentType, body, headers: { "cache-control": cacheControl } };
    }),
  ]);
  const fixed: readonly (readonly [string, PathHandler])[] = [
    ...openApi.exact,
    ...documents,
    ["/version", versionHandler(parts.version)],
    ["/metrics", metricsHandler(parts.metrics)],
    ["/metrics/slis", metricsHandler(levels.metrics)],
    ["/flagz", flagzHandler(parts.flags)],
    ["/statusz", statuszHandler({ ...parts, startedAt: parts.clock.now(), paths: () => paths })],
    ...healthHandlers(parts.checks, levels),
  ];
  let paths: readonly string[] = [];
  const handlerFor = (custom: readonly ServedDefinition[]): Handler => {
    const served = [...builtIn, ...customDiscovery(custom)];
    const exact = new Map([...discoveryHandlers(served, parts.externalAddress), ...fixed]);
    paths = [...exact.keys()];
    // Answered, and not listed under `/`.
    return pathHandler(exact, openApi.prefix, parts.others);
  };
  let current = parts.custom();
  let handler = handlerFor(current);
  return (request) => {
    const custom = parts.custom();
    if (custom !== current) {
      current = custom;
      handler = handlerFor(custom);
    }
    return handler(request);
  };
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
