import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import type { PodIdentity, RuntimePod } from "../runtime/runtime-pod.ts";

/** A pod of which nothing but its traces are left, with what ending it needs to know (restoreSpecsFromContainerLabels). */
export function orphanPod({ uid, name, namespace }: PodIdentity, runtime?: RuntimePod): Pod {
  const containers = new Map<string, Container>();
  let graceSeconds = 0;
  for (const { name: container, image, preStop, terminationGraceSeconds = 0 } of runtime?.containers ?? []) {
    graceSeconds = Math.max(graceSeconds, terminationGraceSeconds);
    if (containers.has(container)) continue;
    containers.set(container, {
      name: container,
      image,
      resources: {},
      terminationMessagePath: "",
      terminationMessagePolicy: "File",
      ...(preStop === undefined ? {} : { lifecycle: { preStop } }),
    });
  }
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { uid, name, namespace },
    spec: {
      containers: [...containers.values()],
      dnsPolicy: "ClusterFirst",
      restartPolicy: "Never",
      schedulerName: "",
      securityContext: {},
      terminationGracePeriodSeconds: graceSeconds,
    },
    status: {},
  };
}
