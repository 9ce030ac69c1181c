import { notDNSSubdomain, notIP, notQualifiedName } from "../messages.ts";
import {
  type Cause,
  type Change,
  forbidden,
  internal,
  invalid,
  invalidShown,
  type KindRules,
  type Rule,
  refused,
} from "../rule.ts";
import { plainPod } from "./pod.ts";

const notNegative = "must be a non-negative integer";
const ofEachFamily = "may specify no more than one IP for each IP family";

const conditions: readonly Rule[] = [
  {
    says: "a condition's type is a qualified name, or one of the system's",
    accepts: {
      "status.conditions": [
        { type: "example.com/A", status: "True" },
        { type: "Ready", status: "True" },
      ],
    },
    refuses: refused(
      { "status.conditions": [{ type: "A b", status: "True" }] },
      invalid("status.conditions[0].Type", "A b", notQualifiedName),
    ),
  },
  {
    says: "generations that were observed are not negative",
    accepts: {
      "status.observedGeneration": 1,
      "status.conditions": [{ type: "Ready", status: "True", observedGeneration: 1 }],
    },
    refuses: [
      refused({ "status.observedGeneration": -1 }, invalid("status.observedGeneration", -1, notNegative)),
      refused(
        { "status.conditions": [{ type: "Ready", status: "True", observedGeneration: -1 }] },
        invalid("status.conditions[0].observedGeneration", -1, notNegative),
      ),
    ],
  },
];

const fields: readonly Rule[] = [
  {
    says: "a pod is nominated for a node by its name",
    accepts: [{ "status.nominatedNodeName": "a.b" }, { "status.nominatedNodeName": "" }],
    refuses: refused({ "status.nominatedNodeName": "A" }, invalid("status.nominatedNodeName", "A", notDNSSubdomain)),
  },
  {
    says: "a pod on a node is nominated for none",
    stored: { "spec.nodeName": "n" },
    accepts: { "status.nominatedNodeName": "" },
    refuses: refused(
      { "status.nominatedNodeName": "m" },
      forbidden("status.nominatedNodeName", "may not be set on pods that are already bound to a node"),
    ),
  },
  {
    says: "the class of service stays",
    accepts: { "status.qosClass": "" },
    refuses: refused({ "status.qosClass": "Burstable" }, invalid("status.qosClass", "Burstable", "field is immutable")),
  },
  {
    says: "annotations keep their rules",
    accepts: { "metadata.annotations": { a: "b" } },
    refuses: [
      refused(
        { "metadata.annotations": { "kubernetes.io/config.mirror": "a" } },
        forbidden("metadata.annotations[kubernetes.io/config.mirror]", "may not add mirror pod annotation"),
        invalid(
          "metadata.annotations[kubernetes.io/config.mirror]",
          "a",
          "must set spec.nodeName if mirror pod annotation is set",
        ),
      ),
    ],
  },
];

/** `podIPs` and `hostIPs` have the same rules. */
function addresses(field: "podIPs" | "hostIPs"): Rule {
  const place = `status.${field}`;
  const of = (...ips: readonly string[]) => ({
    [place]: ips.map((ip) => ({ ip })),
    ...(field === "hostIPs" ? { "status.hostIP": ips[0]! } : {}),
  });
  const family = (...ips: readonly string[]): Cause =>
    invalidShown(place, JSON.stringify(ips.map((IP) => ({ IP }))), ofEachFamily);
  return {
    says: `${field} are addresses, one of a family`,
    accepts: [of("10.0.0.1"), of("10.0.0.1", "fd00::1"), of("fd00::1", "10.0.0.1")],
    refuses: [
      refused(of("a"), invalid(`${place}[0]`, "a", notIP.form)),
      refused(of("10.0.0.01"), invalid(`${place}[0]`, "10.0.0.01", notIP.zeros)),
      refused(of("10.0.0.1", "10.0.0.2"), family("10.0.0.1", "10.0.0.2")),
      refused(of("10.0.0.1", "fd00::1", "fd00::2"), family("10.0.0.1", "fd00::1", "fd00::2")),
      refused(
        of("10.0.0.1", "b"),
        invalid(`${place}[1]`, "b", notIP.form),
        internal(place, "failed to check for dual stack with error:invalid IP[1]: b"),
        family("10.0.0.1", "b"),
      ),
      refused(
        of("10.0.0.01", "10.0.0.2"),
        invalid(`${place}[0]`, "10.0.0.01", notIP.zeros),
        family("10.0.0.01", "10.0.0.2"),
      ),
    ],
  };
}

const hostIP: Rule = {
  says: "hostIP is the first of hostIPs",
  accepts: { "status.hostIP": "10.0.0.1", "status.hostIPs": [{ ip: "10.0.0.1" }] },
  refuses: refused(
    { "status.hostIP": "10.0.0.2", "status.hostIPs": [{ ip: "10.0.0.1" }] },
    invalid("status.hostIPs[0].ip", "10.0.0.1", "must be equal to `hostIP`"),
  ),
};

const ended = (name: string, exitCode: number) => ({ name, state: { terminated: { exitCode } } });
const runs = (name: string) => ({ name, state: { running: {} } });
const stays = (place: string): Cause => forbidden(`${place}.state`, "may not be transitioned to non-terminated state");

/** A container that ended with this code: what it may become depends on who restarts it. */
function restarts(says: string, exitCode: number, spec: Change, again: boolean): Rule {
  const place = "status.containerStatuses";
  const change = { [place]: [runs("other"), runs("main")] };
  return {
    says,
    stored: { ...spec, [place]: [ended("main", exitCode)] },
    accepts: again ? change : { [place]: [ended("main", exitCode)] },
    refuses: again
      ? refused({ ...change, "status.observedGeneration": -1 }, invalid("status.observedGeneration", -1, notNegative))
      : refused(change, stays(`${place}[0]`)),
  };
}

const never = { "spec.restartPolicy": "Never" };
const onFailure = { "spec.restartPolicy": "OnFailure" };
const rule = (action: string) => ({
  "spec.containers[0].restartPolicy": "Never",
  "spec.containers[0].restartPolicyRules": [{ action, exitCodes: { operator: "In", values: [42] } }],
});
const init = { name: "init", image: "a" };
const inits = "status.initContainerStatuses";
const transitions: readonly Rule[] = [
  restarts("what ended for good stays ended", 1, never, false),
  restarts("a container that failed starts again on failure", 1, onFailure, true),
  restarts("a container that succeeded does not start again on failure", 0, onFailure, false),
  restarts("a container of a pod that always restarts starts again", 0, {}, true),
  restarts(
    "a container starts again by its own policy",
    1,
    { ...never, "spec.containers[0].restartPolicy": "Always" },
    true,
  ),
  restarts("a container starts again by its rules", 42, { ...never, ...rule("Restart") }, true),
  restarts("a container stays ended that its rules do not restart", 43, { ...never, ...rule("Restart") }, false),
  restarts(
    "all containers start again that one of them can restart",
    0,
    { ...never, ...rule("RestartAllContainers") },
    true,
  ),
  {
    says: "an init container that ended for good stays ended",
    stored: { ...onFailure, "spec.initContainers": [init], [inits]: [ended("init", 0)] },
    accepts: { [inits]: [ended("init", 1)] },
    refuses: refused({ [inits]: [runs("init")] }, stays(`${inits}[0]`)),
  },
  {
    says: "a sidecar starts again",
    stored: { ...never, "spec.initContainers": [{ ...init, restartPolicy: "Always" }], [inits]: [ended("init", 0)] },
    accepts: { [inits]: [runs("init")] },
    refuses: refused(
      { [inits]: [runs("init")], "status.observedGeneration": -1 },
      invalid("status.observedGeneration", -1, notNegative),
    ),
  },
  {
    says: "an ephemeral container that ended stays ended",
    stored: { "status.ephemeralContainerStatuses": [ended("e", 1)] },
    accepts: { "status.ephemeralContainerStatuses": [] },
    refuses: refused(
      { "status.ephemeralContainerStatuses": [runs("e")] },
      stays("status.ephemeralContainerStatuses[0]"),
    ),
  },
];

export const podStatus: KindRules = {
  ...plainPod,
  subresources: {
    status: [...conditions, ...fields, addresses("podIPs"), hostIP, addresses("hostIPs"), ...transitions],
  },
};
