import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { compareText } from "../../apimachinery/text/go-quote.ts";
import { type Swagger, withPaths } from "../openapi/merge-v2.ts";
import { groupVersionOf } from "./api-services.ts";

// One OpenAPI v2 document of this server and of all services (kube-aggregator/pkg/controllers/openapi/aggregator). Pure.

/** Of a service's document: the paths of one group version, and what these lead to. */
export function ownPart(document: Swagger, group: string, version: string): Swagger {
  return withPaths(document, (path) => path.startsWith(`/apis/${group}/${version}/`));
}

/** The order in which documents are put together, which decides who keeps a name: by the group's priority, then by name. */
export function inDocumentOrder(services: Iterable<APIService>): readonly APIService[] {
  const all = [...services];
  const priorities = new Map<string, number>();
  for (const service of all) {
    const { group } = groupVersionOf(service);
    priorities.set(group, Math.max(priorities.get(group) ?? 0, service.spec?.groupPriorityMinimum ?? 0));
  }
  const priority = (service: APIService): number => priorities.get(groupVersionOf(service).group)!;
  return all.sort((a, b) => priority(b) - priority(a) || compareText(a.metadata.name ?? "", b.metadata.name ?? ""));
}
