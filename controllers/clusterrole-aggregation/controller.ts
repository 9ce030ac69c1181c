import { ClusterRole } from "../../api/rbac/v1/cluster-role.ts";
import { defineController } from "../runner/controller.ts";
import { plan } from "./plan.ts";

export const clusterRoleAggregationController = defineController({
  name: "clusterrole-aggregation-controller",
  serviceAccount: "clusterrole-aggregation-controller",
  queue: "ClusterRoleAggregator",
  primary: ClusterRole,
  also: [
    {
      resource: ClusterRole,
      // Any role may be part of any aggregated one; there are few of those, and looking is cheap.
      keys: (_, cache) =>
        cache
          .list(ClusterRole)
          .filter(({ aggregationRule }) => aggregationRule !== undefined)
          .map(({ metadata }) => metadata.name ?? ""),
    },
  ],
  workers: 5,
  observe: (role, cache) => ({ role, all: role.aggregationRule === undefined ? [] : cache.list(ClusterRole) }),
  plan,
});
