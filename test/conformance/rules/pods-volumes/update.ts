import { outside } from "../messages.ts";
import {
  type Cause,
  forbidden,
  invalid,
  invalidShown,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { plainPod } from "./pod.ts";

const maxInt32 = 2 ** 31 - 1;
const second = { name: "second", image: "b" };
const twice = (cause: Cause): readonly Cause[] => [cause, cause];

const noOthers = "pod updates may not add or remove containers";
const padded = (place: string, image: string) =>
  twice(invalid(place, image, "must not have leading or trailing whitespace"));
const containers: readonly Rule[] = [
  {
    says: "containers keep their number",
    stored: { "spec.initContainers": [second] },
    accepts: {},
    refuses: [
      refused({ "spec.containers[+]": { name: "c", image: "a" } }, forbidden("spec.containers", noOthers)),
      refused({ "spec.initContainers": undefined }, forbidden("spec.initContainers", noOthers)),
    ],
  },
  {
    // What holds of every pod is told once more.
    says: "images may change, to others that are told",
    stored: { "spec.initContainers": [second] },
    accepts: { "spec.containers[0].image": "c", "spec.initContainers[0].image": "d" },
    refuses: [
      refused({ "spec.containers[0].image": "" }, ...twice(required("spec.containers[0].image"))),
      refused({ "spec.containers[0].image": " c" }, ...padded("spec.containers[0].image", " c")),
      refused({ "spec.initContainers[0].image": "d\t" }, ...padded("spec.initContainers[0].image", "d\t")),
    ],
  },
];

const deadline = "spec.activeDeadlineSeconds";
const deadlines: readonly Rule[] = [
  {
    says: "a deadline may be set",
    accepts: [{ [deadline]: 1 }, { [deadline]: maxInt32 }],
    refuses: [
      refused({ [deadline]: 0 }, invalid(deadline, 0, outside(1, maxInt32))),
      ...[-1, maxInt32 + 1].map((seconds) =>
        refused(
          { [deadline]: seconds },
          invalid(deadline, seconds, outside(1, maxInt32)),
          invalid(deadline, seconds, outside(0, maxInt32)),
        ),
      ),
    ],
  },
  {
    says: "a deadline only comes nearer",
    stored: { [deadline]: 10 },
    accepts: [{ [deadline]: 10 }, { [deadline]: 1 }],
    refuses: [
      refused({ [deadline]: 11 }, invalid(deadline, 11, "must be less than or equal to previous value")),
      refused(
        { [deadline]: undefined },
        invalidShown(deadline, "null", "must not update from a positive integer to nil value"),
      ),
    ],
  },
];

const toleration = (more: Readonly<Record<string, Json>>) => ({
  key: "a",
  operator: "Exists",
  effect: "NoExecute",
  ...more,
});
const kept = forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
const gate = (index: number, name: string): Cause =>
  forbidden(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`);
const places: readonly Rule[] = [
  {
    says: "tolerations are only added, or last otherwise",
    stored: { "spec.tolerations": [toleration({ tolerationSeconds: 1 })] },
    accepts: [
      { "spec.tolerations[+]": toleration({ key: "b" }) },
      { "spec.tolerations[0].tolerationSeconds": 2 },
      { "spec.tolerations[0].tolerationSeconds": undefined },
    ],
    refuses: [
      refused({ "spec.tolerations[0].key": "c" }, kept),
      refused(
        { "spec.tolerations[+]": toleration({ key: "b", operator: "Is" }) },
        ...twice(notSupported("spec.tolerations[3].operator", "Is", ["Equal", "Exists"])),
      ),
    ],
  },
  {
    says: "scheduling gates are only taken away",
    stored: { "spec.schedulingGates": [{ name: "a" }, { name: "b" }] },
    accepts: [{ "spec.schedulingGates": [{ name: "b" }] }, { "spec.schedulingGates": undefined }],
    refuses: [
      refused({ "spec.schedulingGates[+]": { name: "c" } }, gate(2, "c")),
      refused({ "spec.schedulingGates": [{ name: "b" }, { name: "c" }] }, gate(1, "c")),
    ],
  },
];

const selector = "spec.nodeSelector";
const onlyAdded = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
const affinity = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
const gated = { "spec.schedulingGates": [{ name: "g" }] };
const exists = (key: string) => ({ key, operator: "Exists" });
/** As Go's JSON has a requirement of upstream's own form. */
const shownExists = (key: string) => `{"Key":"${key}","Operator":"Exists","Values":null}`;
const narrower = "only additions are allowed (no mutations or deletions)";
const narrowing: readonly Rule[] = [
  {
    says: "the node selector of a gated pod only grows",
    stored: { ...gated, [selector]: { a: "b" } },
    accepts: { [`${selector}.c`]: "d" },
    refuses: [
      refused({ [selector]: { c: "d", a: "x" } }, invalidShown(selector, '{"a":"x","c":"d"}', onlyAdded)),
      refused({ [selector]: undefined }, invalidShown(selector, "null", onlyAdded)),
    ],
  },
  {
    says: "terms of the node affinity of a gated pod only grow",
    stored: { ...gated, [affinity]: [{ matchExpressions: [exists("a")] }] },
    accepts: [
      { [`${affinity}[0].matchExpressions[+]`]: exists("b") },
      { [`${affinity}[0].matchFields`]: [{ key: "metadata.name", operator: "In", values: ["n"] }] },
    ],
    refuses: [
      refused(
        { [`${affinity}[0].matchExpressions[0].key`]: "b" },
        invalidShown(`${affinity}[0]`, `{"MatchExpressions":[${shownExists("b")}],"MatchFields":null}`, narrower),
      ),
      refused(
        { [`${affinity}[+]`]: { matchExpressions: [exists("b")] } },
        invalidShown(
          affinity,
          `[{"MatchExpressions":[${shownExists("a")}],"MatchFields":null},{"MatchExpressions":[${shownExists("b")}],"MatchFields":null}]`,
          "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
        ),
      ),
      refused(
        { "spec.affinity": undefined },
        invalidShown(affinity, "null", "no additions/deletions to non-empty NodeSelectorTerms list are allowed"),
      ),
    ],
  },
  {
    says: "a gated pod may get a node affinity",
    stored: gated,
    accepts: { [affinity]: [{ matchExpressions: [exists("a")] }] },
    refuses: refused(
      { ...gated, "spec.schedulingGates[+]": { name: "h" }, [affinity]: [{ matchExpressions: [exists("a")] }] },
      gate(1, "h"),
    ),
  },
];

const deletionCost = "controller.kubernetes.io/pod-deletion-cost";
const badCost = invalid(`metadata.annotations[${deletionCost}]`, "a", "must be a 32bit integer");
const appArmor = "container.apparmor.security.beta.kubernetes.io/main";
const rest: readonly Rule[] = [
  {
    says: "annotations keep their rules",
    accepts: { "metadata.annotations": { [deletionCost]: "-1" } },
    refuses: [
      refused({ "metadata.annotations": { [deletionCost]: "a" } }, ...twice(badCost)),
      refused(
        { "metadata.annotations": { [appArmor]: "unconfined" } },
        forbidden(`metadata.annotations[${appArmor}]`, "may not add AppArmor annotations"),
      ),
    ],
  },
  {
    says: "nothing else of a pod's spec changes",
    stored: { "spec.hostname": "a" },
    accepts: { "spec.hostname": "a" },
    refuses: refused(
      { "spec.hostname": "b" },
      forbidden(
        "spec",
        [
          "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
          // Of upstream's internal form of both specs.
          "@@ -64,7 +64,7 @@",
          '   "SELinuxChangePolicy": null',
          "  },",
          '  "ImagePullSecrets": null,',
          '- "Hostname": "a",',
          '+ "Hostname": "b",',
          '  "Subdomain": "",',
          '  "SetHostnameAsFQDN": null,',
          '  "Affinity": null,',
          "",
        ].join("\n"),
      ),
    ),
  },
];

export const podUpdate: KindRules = {
  ...plainPod,
  update: [...containers, ...deadlines, ...places, ...narrowing, ...rest],
};
