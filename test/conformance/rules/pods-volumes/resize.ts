import { negative } from "../messages.ts";
import { type Cause, forbidden, invalid, type Json, type KindRules, type Rule, refused } from "../rule.ts";
import { plainPod } from "./pod.ts";

const cpu = "spec.containers[0].resources.requests.cpu";
const onlyResources = forbidden("spec", "only cpu and memory resources are mutable");
const resources = (place: string, requests: Json, limits: Json = {}) => ({
  [`${place}.resources`]: { requests, limits },
});
const main = "spec.containers[0]";
const init = "spec.initContainers[0]";
const withInit = { "spec.initContainers": [{ name: "init", image: "a" }] };

const pods: readonly Rule[] = [
  {
    says: "a static pod is not resized",
    stored: { "spec.nodeName": "n", "metadata.annotations": { "kubernetes.io/config.mirror": "a" } },
    accepts: [],
    refuses: refused({ [cpu]: "2" }, forbidden("", "static pods cannot be resized")),
  },
  {
    says: "a pod of Windows is not resized",
    stored: { "spec.os": { name: "windows" } },
    accepts: [],
    refuses: refused({ [cpu]: "2" }, forbidden("", "windows pods cannot be resized")),
  },
  {
    says: "the class of service stays",
    accepts: { [cpu]: "2" },
    refuses: refused(
      resources(main, { cpu: "1", memory: "1Gi" }, { cpu: "1", memory: "1Gi" }),
      invalid("spec", "Burstable", "Pod QOS Class may not change as a result of resizing"),
    ),
  },
  {
    says: "a pod runs on a node that tells what containers have",
    stored: { "status.containerStatuses": [{ name: "main", state: { running: {} } }] },
    accepts: [],
    refuses: refused({ [cpu]: "2" }, forbidden("spec", "Pod running on node without support for resize")),
  },
  {
    says: "a pod is resized whose node tells what containers have",
    stored: { "status.containerStatuses": [{ name: "main", state: { running: {} }, resources: {} }] },
    accepts: { [cpu]: "2" },
    refuses: [],
  },
  {
    says: "what is asked for keeps its rules",
    accepts: { [cpu]: "1m" },
    refuses: refused(
      { [cpu]: "-1" },
      invalid("spec.containers[0].resources.requests[cpu]", "-1", negative),
      invalid("spec", "Burstable", "Pod QOS Class may not change as a result of resizing"),
    ),
  },
];

const whole = "spec.resources";
const podLevel: readonly Rule[] = [
  {
    says: "resources of the whole pod are not taken away",
    stored: resources("spec", { cpu: "2", memory: "1Gi" }, { cpu: "4", memory: "2Gi" }),
    accepts: { [`${whole}.requests.cpu`]: "3" },
    refuses: [
      refused({ [whole]: undefined }, forbidden(whole, "pod-level resources cannot be removed")),
      refused(
        { [`${whole}.limits.memory`]: undefined },
        forbidden(`${whole}.limits`, "pod-level resource limits cannot be removed"),
      ),
    ],
  },
  {
    says: "requests of the whole pod are not taken away",
    stored: resources("spec", { cpu: "2", memory: "1Gi" }),
    accepts: {},
    refuses: refused(
      { [`${whole}.requests.memory`]: undefined },
      forbidden(`${whole}.requests`, "pod-level resource requests cannot be removed"),
    ),
  },
  {
    says: "of the whole pod only processor and memory change",
    stored: resources("spec", { cpu: "2", "hugepages-2Mi": "2Mi" }, { "hugepages-2Mi": "2Mi" }),
    accepts: { [`${whole}.requests.cpu`]: "3" },
    refuses: refused(
      { [`${whole}.requests.hugepages-2Mi`]: "4Mi", [`${whole}.limits.hugepages-2Mi`]: "4Mi" },
      forbidden("spec", "only cpu and memory resources are mutable at pod-level"),
    ),
  },
  {
    says: "a pod may get resources as a whole",
    accepts: { [`${whole}.requests.cpu`]: "3" },
    refuses: [],
  },
  {
    says: "a pod does not get no resources as a whole",
    stored: { [`${main}.resources`]: undefined },
    accepts: {},
    refuses: refused({ [whole]: {} }, onlyResources),
  },
];

const noOthers = (list: string) => forbidden(`spec.${list}`, `${list} may not be added or removed on resize`);
const renamed = (list: string) =>
  forbidden(`spec.${list}[0].name`, `${list} may not be renamed or reordered on resize`);
const removed = (place: string, kind: string): Cause =>
  forbidden(`${place}.resources.${kind}`, `resource ${kind} cannot be removed`);

/** Of containers and of init containers. */
function noneRemoved(list: string, place: string): Rule {
  const both = { cpu: "1", memory: "1Gi" };
  return {
    says: `requests and limits of ${list} are not taken away`,
    stored: { ...withInit, ...resources(place, both, both), "spec.containers[+]": { name: "other", image: "a" } },
    accepts: { [`${place}.resources.limits.memory`]: "2Gi" },
    refuses: [
      refused(
        { ...resources(place, { cpu: "1" }, { cpu: "1" }) },
        removed(place, "requests"),
        removed(place, "limits"),
      ),
      refused({ [`${place}.resources.limits.cpu`]: undefined }, removed(place, "limits")),
    ],
  };
}

const containers: readonly Rule[] = [
  {
    says: "containers keep number, names and order",
    stored: withInit,
    accepts: {},
    refuses: [
      refused({ "spec.containers[+]": { name: "other", image: "a" } }, noOthers("containers")),
      refused({ "spec.initContainers": undefined }, noOthers("initContainers")),
      refused({ [`${main}.name`]: "other" }, renamed("containers")),
      refused({ [`${init}.name`]: "other" }, renamed("initContainers")),
    ],
  },
  noneRemoved("containers", main),
  noneRemoved("initContainers", init),
  {
    says: "of containers only processor and memory change",
    stored: resources(main, { cpu: "1", "ephemeral-storage": "1Gi" }),
    accepts: [{ [cpu]: "2", [`${main}.image`]: "other" }],
    refuses: [
      refused({ [`${main}.resources.requests.ephemeral-storage`]: "2Gi" }, onlyResources),
      refused({ [`${main}.resizePolicy`]: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] }, onlyResources),
    ],
  },
  {
    says: "a container with claims is not resized",
    stored: {
      "spec.resourceClaims": [{ name: "c", resourceClaimName: "c" }],
      [`${main}.resources.claims`]: [{ name: "c" }],
    },
    accepts: [],
    refuses: refused({ [cpu]: "2" }, onlyResources),
  },
  {
    says: "of init containers only processor and memory change",
    stored: { ...withInit, ...resources(init, { cpu: "1", "ephemeral-storage": "1Gi" }) },
    accepts: { [`${init}.resources.requests.cpu`]: "2" },
    refuses: [
      refused(
        { [`${init}.resources.requests.ephemeral-storage`]: "2Gi" },
        forbidden(init, "only cpu and memory resources for init or sidecar containers are mutable"),
      ),
      refused(
        { [`${init}.resizePolicy`]: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] },
        invalid(
          `${init}.resizePolicy[0].restartPolicy`,
          "RestartContainer",
          "must not be set to 'RestartContainer' for non-sidecar initContainers",
        ),
        forbidden(init, "only cpu and memory resources for init or sidecar containers are mutable"),
        forbidden(init, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"),
      ),
    ],
  },
];

export const podResize: KindRules = {
  ...plainPod,
  valid: {
    metadata: { name: "rules" },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: "main", image: "a", resources: { requests: { cpu: "1" } } }],
    },
  },
  subresources: { resize: [...pods, ...podLevel, ...containers] },
};
