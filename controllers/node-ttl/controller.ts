import { Node } from "../../api/core/v1/node.ts";
import { objectKey } from "../../client/mod.ts";
import { defineController } from "../runner/controller.ts";
import { isOutdated, plan, saysOther, secondsFor } from "./plan.ts";

/** Tells kubelets how long they may take what they have of ConfigMaps and Secrets for current: longer in large clusters. */
export const nodeTtlController = defineController({
  name: "ttl-controller",
  serviceAccount: "ttl-controller",
  queue: "ttlcontroller",
  primary: Node,
  matters: saysOther,
  also: [
    {
      resource: Node,
      keys: (_, cache) => (isOutdated(cache.list(Node)) ? cache.list(Node).map(objectKey) : []),
      matters: () => false,
    },
  ],
  workers: 5,
  observe: (node, cache) => ({ node, seconds: secondsFor(cache.list(Node)) }),
  plan,
});
