import { Deployment } from "../../api/apps/v1/deployment.ts";
import type { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { controllerReference } from "../runner/claim.ts";
import { sizeOfCurrent } from "./fenceposts.ts";
import { wanted } from "./replica-sets.ts";
import { firstAnnotations, nextRevision } from "./revision.ts";
import { hashLabel, replicaSetName, templateHash } from "./template-hash.ts";

/** The ReplicaSet of the Deployment's template, as it is made: named after the template's hash, which its pods bear too. */
export function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]) {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return {
    metadata: {
      name: replicaSetName(deployment, hash),
      namespace: deployment.metadata.namespace ?? "",
      labels,
      annotations: firstAnnotations(deployment, nextRevision(old)),
      ownerReferences: [controllerReference(deployment, Deployment)],
    },
    spec: {
      replicas: sizeOfCurrent(deployment, wanted(old), 0),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The name that `newReplicaSet` gives. */
export function newReplicaSetName(deployment: Deployment): string {
  return replicaSetName(deployment, templateHash(deployment.spec.template, deployment.status.collisionCount));
}
