import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { ControllerRevision } from "./apps/v1/controller-revision.ts";
import { DaemonSet } from "./apps/v1/daemonset.ts";
import { Deployment } from "./apps/v1/deployment.ts";
import { ReplicaSet } from "./apps/v1/replicaset.ts";
import { StatefulSet } from "./apps/v1/statefulset.ts";
import { CronJob } from "./batch/v1/cronjob.ts";
import { Job } from "./batch/v1/job.ts";
import { Namespace } from "./core/v1/namespace.ts";
import { Node } from "./core/v1/node.ts";
import { Pod } from "./core/v1/pod.ts";
import { PodTemplate } from "./core/v1/pod-template.ts";
import { ReplicationController } from "./core/v1/replication-controller.ts";

/** What runs, what makes it run and where: pods, their controllers, nodes and namespaces. */
export const workloadResources: readonly ResourceDefinition[] = [
  Namespace,
  Node,
  Pod,
  PodTemplate,
  ReplicationController,
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
  CronJob,
  Job,
];
