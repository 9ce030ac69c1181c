import type { Service } from "../../../generated/types/core-v1.ts";
import type { QuotaEvaluator } from "./evaluator.ts";

// Rules: pkg/quota/v1/evaluator/core/services.go.

const names = ["count/services", "services", "services.nodeports", "services.loadbalancers"];

export const serviceEvaluator: QuotaEvaluator = {
  group: "",
  plural: "services",
  knowsScopes: false,
  handles: ({ operation, subresource }) => subresource === "" && (operation === "CREATE" || operation === "UPDATE"),
  matchingResources: (wanted) => wanted.filter((name) => names.includes(name)),
  matchesScope: () => false,
  constraint: () => undefined,
  usage(object) {
    const { spec } = object as Service;
    const loadBalancer = spec?.type === "LoadBalancer";
    return {
      "count/services": "1",
      services: "1",
      "services.nodeports": String(nodePortsOf(spec)),
      "services.loadbalancers": loadBalancer ? "1" : "0",
    };
  },
};

/** A load balancer's service may do without node ports. */
function nodePortsOf(spec: Service["spec"]): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === "NodePort") return ports.length;
  if (spec?.type !== "LoadBalancer") return 0;
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
}

/** What counts of a service's type: others change no usage. */
export function quotaServiceType({ spec }: Service): string {
  return spec?.type === "NodePort" || spec?.type === "LoadBalancer" ? spec.type : "";
}
