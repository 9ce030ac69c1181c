import { forbidden, invalid, invalidShown, type Json, type KindRules, refused } from "../rule.ts";
import { pod } from "./pod.ts";

const terms = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
const gates = { "spec.schedulingGates": [{ name: "a" }] };
const exists = (key: string) => ({ key, operator: "Exists" });
const named = { key: "metadata.name", operator: "In", values: ["a"] };
/** As upstream shows a requirement: by the names of its internal type. */
const shown = (key: string) => ({ Key: key, Operator: "Exists", Values: null });
const shownTerm = (expressions: Json, fields: Json = null) =>
  JSON.stringify({ MatchExpressions: expressions, MatchFields: fields });
const onlyMore = "only additions are allowed (no mutations or deletions)";
const sameNumber = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
const onlyLabels = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";

/** Where a pod behind a gate may run can be narrowed. */
export const gated: KindRules = {
  ...pod,
  update: [
    {
      says: "labels of nodes are added, while a gate holds the pod back",
      stored: { ...gates, "spec.nodeSelector": { a: "b" } },
      accepts: { "spec.nodeSelector.c": "d" },
      refuses: [
        refused({ "spec.nodeSelector.a": "c" }, invalid("spec.nodeSelector", { a: "c" }, onlyLabels)),
        refused(
          { "spec.nodeSelector": { d: "e", c: "d" } },
          invalid("spec.nodeSelector", { c: "d", d: "e" }, onlyLabels),
        ),
        refused({ "spec.nodeSelector": undefined }, invalid("spec.nodeSelector", null, onlyLabels)),
      ],
    },
    {
      says: "the terms of needed nodes stay as many as they are",
      stored: { ...gates, [terms]: [{ matchExpressions: [exists("a")] }] },
      accepts: {
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution": [{ weight: 1, preference: {} }],
      },
      refuses: [
        refused(
          { [`${terms}[+]`]: { matchExpressions: [exists("b")] } },
          invalidShown(terms, `[${shownTerm([shown("a")])},${shownTerm([shown("b")])}]`, sameNumber),
        ),
        refused({ "spec.affinity": undefined }, invalid(terms, null, sameNumber)),
      ],
    },
    {
      says: "a term gets more requirements",
      stored: { ...gates, [terms]: [{ matchExpressions: [exists("a"), exists("b")] }, { matchFields: [named] }, {}] },
      accepts: [
        { [`${terms}[0].matchExpressions[+]`]: exists("c") },
        { [`${terms}[1].matchExpressions`]: [exists("a")] },
      ],
      refuses: [
        refused(
          { [`${terms}[0].matchExpressions[0].key`]: "c" },
          invalidShown(`${terms}[0]`, shownTerm([shown("c"), shown("b")]), onlyMore),
        ),
        refused(
          { [`${terms}[0].matchExpressions`]: [exists("a")] },
          invalidShown(`${terms}[0]`, shownTerm([shown("a")]), onlyMore),
        ),
        refused({ [`${terms}[1]`]: {} }, invalidShown(`${terms}[1]`, shownTerm(null), onlyMore)),
        refused(
          { [`${terms}[2]`]: { matchFields: [named] } },
          invalidShown(
            `${terms}[2]`,
            shownTerm(null, [{ Key: "metadata.name", Operator: "In", Values: ["a"] }]),
            onlyMore,
          ),
        ),
      ],
    },
  ],
};

const token = { name: "v", projected: { sources: [{ serviceAccountToken: { path: "a" } }] } };

/** Of upstream's internal form of both specs. */
const otherAccount = `pod updates may not change fields other than ${[
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",")}
@@ -90,7 +90,7 @@
  "ActiveDeadlineSeconds": null,
  "DNSPolicy": "ClusterFirst",
  "NodeSelector": null,
- "ServiceAccountName": "default",
+ "ServiceAccountName": "",
  "AutomountServiceAccountToken": false,
  "NodeName": "",
  "SecurityContext": {
`;

/** Admission names a service account in each new pod. */
export const tokens: KindRules = {
  ...pod,
  update: [
    {
      says: "who has a token is a service account",
      stored: { "spec.automountServiceAccountToken": false, "spec.volumes": [token] },
      accepts: { "metadata.labels.a": "b" },
      refuses: refused(
        { "spec.serviceAccountName": undefined, "spec.serviceAccount": undefined },
        forbidden(
          "spec.volumes[0].projected.sources[0].serviceAccountToken",
          "must not be specified when serviceAccountName is not set",
        ),
        forbidden("spec", otherAccount),
      ),
    },
  ],
};
