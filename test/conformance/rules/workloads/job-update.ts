import { immutable, negative } from "../messages.ts";
import {
  type Cause,
  type Change,
  invalid,
  invalidShown,
  type Json,
  type JsonObject,
  type KindRules,
  type Rule,
  refused,
  refusedAs,
  required,
} from "../rule.ts";
import { indexed, job } from "./job-base.ts";

const labels = "spec.template.metadata.labels";
const manual = (value: string): Change => ({
  "spec.manualSelector": true,
  "spec.selector": { matchLabels: { a: value } },
  [labels]: { a: value },
});
const twice = (cause: Cause): readonly Cause[] => [cause, cause];

const completions: readonly Rule[] = [
  {
    says: "completions that are counted stay",
    stored: { "spec.completions": 2 },
    accepts: { "spec.parallelism": 3 },
    refuses: [
      refused({ "spec.completions": 3 }, invalid("spec.completions", 3, immutable)),
      refused({ "spec.completions": undefined }, invalidShown("spec.completions", "null", immutable)),
    ],
  },
  {
    says: "an indexed job grows and shrinks as a whole",
    stored: indexed({ parallelism: 5 }),
    accepts: [{ "spec.completions": 7, "spec.parallelism": 7 }, { "spec.parallelism": 2 }],
    refuses: refused(
      { "spec.completions": 6 },
      invalid("spec.completions", 6, "can only be modified in tandem with spec.parallelism"),
    ),
  },
];

const failureRule = { action: "Ignore", onPodConditions: [{ type: "A", status: "True" }] };
const stays = (
  field: string,
  from: Json | undefined,
  to: Json | undefined,
  shown: string,
  stored: Change = {},
): Rule => ({
  says: `${field} stays`,
  stored: { ...stored, [`spec.${field}`]: from },
  accepts: { "spec.parallelism": 0 },
  refuses: refused({ [`spec.${field}`]: to }, invalidShown(`spec.${field}`, shown, immutable)),
});

const fields: readonly Rule[] = [
  {
    says: "what holds of each job is told twice of a changed one",
    accepts: { "spec.backoffLimit": 0 },
    refuses: refused({ "spec.backoffLimit": -1 }, ...twice(invalid("spec.backoffLimit", -1, negative))),
  },
  {
    says: "a selector stays",
    stored: { ...manual("b"), "spec.suspend": true },
    accepts: { "spec.suspend": false },
    refuses: refused(manual("c"), invalidShown("spec.selector", '{"matchLabels":{"a":"c"}}', immutable)),
  },
  {
    says: "completionMode stays",
    stored: { "spec.completions": 1 },
    accepts: {},
    refuses: refused({ "spec.completionMode": "Indexed" }, invalid("spec.completionMode", "Indexed", immutable)),
  },
  stays(
    "podFailurePolicy",
    { rules: [failureRule] },
    { rules: [failureRule, { action: "FailJob", onExitCodes: { operator: "In", values: [1] } }] },
    '{"Rules":[{"Action":"Ignore","OnExitCodes":null,"OnPodConditions":[{"Type":"A","Status":"True"}]},{"Action":"FailJob","OnExitCodes":{"ContainerName":null,"Operator":"In","Values":[1]},"OnPodConditions":null}]}',
  ),
  stays("backoffLimitPerIndex", 1, 2, "2", indexed()),
  stays("managedBy", "example.com/a", undefined, "null"),
  stays(
    "successPolicy",
    { rules: [{ succeededCount: 1 }] },
    { rules: [{ succeededIndexes: "1" }] },
    '{"Rules":[{"SucceededIndexes":"1","SucceededCount":null}]}',
    indexed(),
  ),
  stays("successPolicy", { rules: [{ succeededCount: 1 }] }, undefined, "null", indexed()),
];

const template = "spec.template.spec";
const templateOf = (sent: JsonObject) => (sent["spec"] as JsonObject)["template"] as JsonObject;
/** The spec of the job's pods as upstream's internal type is in Go's JSON. */
const shownSpec = (image: string, nodeSelector: string): string =>
  `{"Volumes":null,"InitContainers":null,"Containers":[{"Name":"main","Image":"${image}","Command":null,"Args":null,"WorkingDir":"","Ports":null,"EnvFrom":null,"Env":null,"Resources":{"Limits":null,"Requests":null,"Claims":null},"ResizePolicy":null,"RestartPolicy":null,"RestartPolicyRules":null,"VolumeMounts":null,"VolumeDevices":null,"LivenessProbe":null,"ReadinessProbe":null,"StartupProbe":null,"Lifecycle":null,"TerminationMessagePath":"/dev/termination-log","TerminationMessagePolicy":"File","ImagePullPolicy":"Always","SecurityContext":null,"Stdin":false,"StdinOnce":false,"TTY":false}],"EphemeralContainers":null,"RestartPolicy":"Never","TerminationGracePeriodSeconds":30,"ActiveDeadlineSeconds":null,"DNSPolicy":"ClusterFirst","NodeSelector":${nodeSelector},"ServiceAccountName":"","AutomountServiceAccountToken":null,"NodeName":"","SecurityContext":{"HostNetwork":false,"HostPID":false,"HostIPC":false,"ShareProcessNamespace":null,"HostUsers":null,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"SupplementalGroups":null,"SupplementalGroupsPolicy":null,"FSGroup":null,"FSGroupChangePolicy":null,"Sysctls":null,"SeccompProfile":null,"AppArmorProfile":null,"SELinuxChangePolicy":null},"ImagePullSecrets":null,"Hostname":"","Subdomain":"","SetHostnameAsFQDN":null,"Affinity":null,"SchedulerName":"default-scheduler","Tolerations":null,"HostAliases":null,"PriorityClassName":"","Priority":null,"PreemptionPolicy":null,"DNSConfig":null,"ReadinessGates":null,"RuntimeClassName":null,"Overhead":null,"EnableServiceLinks":null,"TopologySpreadConstraints":null,"OS":null,"SchedulingGates":null,"ResourceClaims":null,"Resources":null,"HostnameOverride":null,"SchedulingGroup":null}`;
const movedTemplate = invalidShown(
  "spec.template",
  `{"labels":{"a":"b"},"Spec":${shownSpec("a", '{"c":"d"}')}}`,
  immutable,
);
const move = { [`${template}.nodeSelector`]: { c: "d" } };
const suspended = { "spec.suspend": true };
const resources = { requests: { cpu: "1" }, limits: { cpu: "2" } };
const affinity = {
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }],
  },
};
const spread = {
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: "a" } }],
};
const directives: readonly Change[] = [
  { [`${template}.nodeSelector`]: { a: "b" } },
  { [`${template}.tolerations`]: [{ operator: "Exists" }] },
  { [`${template}.schedulingGates`]: [{ name: "a" }] },
  { [`${template}.affinity`]: { nodeAffinity: affinity } },
  { [`${template}.containers[0].resources`]: resources },
  { "spec.template.metadata.annotations": { a: "b" } },
  { "spec.template.metadata.labels.a": "b" },
];
const templates: readonly Rule[] = [
  {
    says: "a suspended job that runs nothing may be told where to run and with what",
    stored: suspended,
    accepts: directives,
    refuses: [],
  },
  {
    says: "a job that was suspended again may be told so, too",
    stored: {
      ...suspended,
      "status.startTime": "2026-01-01T00:00:00Z",
      "status.conditions": [{ type: "Suspended", status: "True" }],
    },
    accepts: directives,
    refuses: [],
  },
  {
    says: "node affinity of a suspended job comes and goes beside another",
    stored: { ...suspended, [`${template}.affinity`]: { nodeAffinity: affinity, podAntiAffinity: spread } },
    accepts: { [`${template}.affinity.nodeAffinity`]: undefined },
    refuses: [],
  },
  {
    says: "nothing else of a suspended job's template changes",
    stored: suspended,
    accepts: {},
    refuses: refused(
      { [`${template}.containers[0].image`]: "b" },
      invalidShown(template, shownSpec("b", "null"), immutable),
    ),
  },
  {
    says: "the template of a job that runs stays",
    stored: manual("b"),
    accepts: { "spec.suspend": true },
    refuses: refused(move, movedTemplate),
  },
  {
    says: "the template of a suspended job whose pods still run stays",
    stored: { ...manual("b"), ...suspended, "status.startTime": "2026-01-01T00:00:00Z", "status.active": 1 },
    accepts: { "spec.parallelism": 2 },
    refuses: refused(move, movedTemplate),
  },
];

const uidLabel = "batch.kubernetes.io/controller-uid";
const selectorOf = (sent: JsonObject) => (sent["spec"] as JsonObject)["selector"]!;
const sorted = (map: Json) =>
  Object.fromEntries(Object.entries(map as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1)));
const labelsOf = (sent: JsonObject) => sorted((templateOf(sent)["metadata"] as JsonObject)["labels"]!);
const notMatching = (sent: JsonObject) =>
  invalid(labels, labelsOf(sent), "`selector` does not match template `labels`");
const generated: readonly Rule[] = [
  {
    says: "generated labels stay",
    stored: suspended,
    accepts: { [`${labels}.a`]: "b" },
    refuses: [
      refused({ [`${labels}[job-name]`]: undefined }, required(`${labels}[job-name]`, "must be 'rules'")),
      refusedAs({ [`${labels}[batch.kubernetes.io/job-name]`]: "other" }, (sent) => [
        invalid(`${labels}[batch.kubernetes.io/job-name]`, labelsOf(sent), "must be 'rules'"),
      ]),
    ],
  },
  {
    says: "a generated selector stays",
    accepts: {},
    refuses: refusedAs({ [`spec.selector.matchLabels[${uidLabel}]`]: "other" }, (sent) => [
      invalid("spec.selector", selectorOf(sent), "`selector` not auto-generated"),
      notMatching(sent),
      notMatching(sent),
      invalid("spec.selector", selectorOf(sent), immutable),
    ]),
  },
];

export const jobUpdate: KindRules = { ...job, update: [...completions, ...fields, ...templates, ...generated] };
