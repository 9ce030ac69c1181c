import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problems } from "../../../../test-support.ts";
import { Pod } from "../../pod.ts";
import { container, type LooseSpec, podWith } from "../test-pod.ts";

interface Rule {
  readonly rule: string;
  readonly good: LooseSpec;
  readonly bad: LooseSpec;
  readonly says: readonly string[];
}

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
const hostname = "kubernetes.io/hostname";
const selector = { matchLabels: { app: "web" } };
const nodeTerm = (...matchExpressions: LooseSpec[]) => ({
  affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchExpressions }] } } },
});
const spread = (fields: LooseSpec) => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: selector, ...fields },
  ],
});
const termPath = `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms[0].matchExpressions[0]`;

const rules: readonly Rule[] = [
  {
    rule: "a restart policy is known",
    good: { restartPolicy: "OnFailure" },
    bad: { restartPolicy: "Often" },
    says: ['spec.restartPolicy: Unsupported value: "Often": supported values: "Always", "OnFailure", "Never"'],
  },
  {
    rule: "a DNS policy is known",
    good: { dnsPolicy: "Default" },
    bad: { dnsPolicy: "Any" },
    says: [
      'spec.dnsPolicy: Unsupported value: "Any": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  },
  {
    rule: "without the cluster's DNS a pod brings its own",
    good: { dnsPolicy: "None", dnsConfig: { nameservers: ["1.2.3.4"], searches: [".", "a_b.c."] } },
    bad: { dnsPolicy: "None" },
    says: ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
  },
  {
    rule: "a nameserver is an address",
    good: { dnsConfig: { nameservers: ["::1"] } },
    bad: { dnsConfig: { nameservers: ["1.2.3.004"] } },
    says: ['spec.dnsConfig.nameservers[0]: Invalid value: "1.2.3.004": must not have leading 0s'],
  },
  {
    rule: "there are at most three nameservers",
    good: { dnsConfig: { nameservers: ["1.1.1.1", "2.2.2.2", "3.3.3.3"] } },
    bad: { dnsConfig: { nameservers: ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"] } },
    says: [
      'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","2.2.2.2","3.3.3.3","4.4.4.4"]: must not have more than 3 nameservers',
    ],
  },
  {
    rule: "a deadline is ahead",
    good: { activeDeadlineSeconds: 1 },
    bad: { activeDeadlineSeconds: 0 },
    says: ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"],
  },
  {
    rule: "a node selector is of labels",
    good: { nodeSelector: { "example.com/a": "b" } },
    bad: { nodeSelector: { a: "b c" } },
    says: [
      "spec.nodeSelector: Invalid value: \"b c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  },
  {
    rule: "a toleration without a key tolerates every key",
    good: { tolerations: [{ operator: "Exists" }] },
    bad: { tolerations: [{ operator: "Equal" }] },
    says: [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  },
  {
    rule: "a toleration that ends is of NoExecute",
    good: { tolerations: [{ key: "a", effect: "NoExecute", tolerationSeconds: 1 }] },
    bad: { tolerations: [{ key: "a", effect: "NoSchedule", tolerationSeconds: 1 }] },
    says: [
      "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
    ],
  },
  {
    rule: "a toleration of any value has none",
    good: { tolerations: [{ key: "a", operator: "Exists" }] },
    bad: { tolerations: [{ key: "a", operator: "Exists", value: "b" }] },
    says: ["spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"],
  },
  {
    rule: "comparisons wait for their feature",
    good: { tolerations: [{ key: "a", value: "1" }] },
    bad: { tolerations: [{ key: "a", operator: "Gt", value: "1" }] },
    says: ['spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"'],
  },
  {
    rule: "a node's label is asked for by an operator with its values",
    good: nodeTerm({ key: "a", operator: "Gt", values: ["1"] }),
    bad: nodeTerm({ key: "a", operator: "In" }),
    says: [`${termPath}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`],
  },
  {
    rule: "a selector's operator is known",
    good: nodeTerm({ key: "a", operator: "DoesNotExist" }),
    bad: nodeTerm({ key: "a", operator: "Is" }),
    says: [`${termPath}.operator: Invalid value: "Is": not a valid selector operator`],
  },
  {
    rule: "a preference has a weight up to a hundred",
    good: { affinity: { nodeAffinity: { [preferred]: [{ weight: 100, preference: {} }] } } },
    bad: { affinity: { nodeAffinity: { [preferred]: [{ weight: 101, preference: {} }] } } },
    says: [`spec.affinity.nodeAffinity.${preferred}[0].weight: Invalid value: 101: must be in the range 1-100`],
  },
  {
    rule: "affinity to pods is within a topology",
    good: { affinity: { podAffinity: { [required]: [{ labelSelector: selector, topologyKey: hostname }] } } },
    bad: { affinity: { podAntiAffinity: { [required]: [{ labelSelector: selector, topologyKey: "a b" }] } } },
    says: [
      `spec.affinity.podAntiAffinity.${required}[0].topologyKey: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  },
  {
    rule: "keys of labels need a selector",
    good: spread({ matchLabelKeys: ["hash"] }),
    bad: spread({ matchLabelKeys: ["hash"], labelSelector: null }),
    says: [
      "spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set",
    ],
  },
  {
    rule: "pods spread with some skew",
    good: spread({ minDomains: 2 }),
    bad: spread({ maxSkew: 0, whenUnsatisfiable: "ScheduleAnyway", minDomains: 2 }),
    says: [
      "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
      "spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway",
    ],
  },
  {
    rule: "gates have names of their own",
    good: { schedulingGates: [{ name: "a" }, { name: "example.com/a" }] },
    bad: { schedulingGates: [{ name: "a" }, { name: "a" }] },
    says: ['spec.schedulingGates[1]: Duplicate value: "a"'],
  },
  {
    rule: "no node is given while gates are shut",
    good: { nodeName: "n" },
    bad: { nodeName: "n", schedulingGates: [{ name: "a" }] },
    says: ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
  },
  {
    rule: "processes are shared with the pod or the host",
    good: { shareProcessNamespace: true },
    bad: { shareProcessNamespace: true, hostPID: true },
    says: [
      "spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled",
    ],
  },
  {
    rule: "a sysctl of the network is not the host's",
    good: { securityContext: { sysctls: [{ name: "net.ipv4.ip_forward", value: "1" }] } },
    bad: { hostNetwork: true, securityContext: { sysctls: [{ name: "net/ipv4/ip_forward", value: "1" }] } },
    says: [
      "spec.securityContext.sysctls[0].name: Invalid value: \"net/ipv4/ip_forward\": may not be specified when 'hostNetwork' is true",
    ],
  },
  {
    rule: "groups are in range",
    good: { securityContext: { fsGroup: 1, supplementalGroups: [2], fsGroupChangePolicy: "Always" } },
    bad: { securityContext: { supplementalGroups: [-2] } },
    says: [
      "spec.securityContext.supplementalGroups[0]: Invalid value: -2: must be between 0 and 2147483647, inclusive",
    ],
  },
  {
    rule: "SELinux labels are changed file by file",
    good: { securityContext: { seLinuxChangePolicy: "Recursive" } },
    bad: { securityContext: { seLinuxChangePolicy: "MountOption" } },
    says: ['spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"'],
  },
  {
    rule: "a user namespace goes without the host's",
    good: { hostUsers: false },
    bad: { hostUsers: false, hostPID: true },
    says: ["spec.HostPID: Forbidden: when `hostUsers` is false"],
  },
  {
    rule: "a host name is a label",
    good: { hostname: "a", subdomain: "b" },
    bad: { hostname: "a.b" },
    says: ['spec.hostname: Invalid value: "a.b": must not contain dots'],
  },
  {
    rule: "a host name that overrides is the only one",
    good: { hostnameOverride: "a.example.com" },
    bad: { hostnameOverride: "a.example.com", setHostnameAsFQDN: true },
    says: ["spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true"],
  },
  {
    rule: "an alias is of an address",
    good: { hostAliases: [{ ip: "1.2.3.4", hostnames: ["a.b"] }] },
    bad: { hostAliases: [{ ip: "a", hostnames: ["b"] }] },
    says: ['spec.hostAliases[0].ip: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  },
  {
    rule: "a preemption policy is known",
    good: { preemptionPolicy: "Never" },
    bad: { preemptionPolicy: "Maybe" },
    says: ['spec.preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"'],
  },
  {
    rule: "a resource claim says which",
    good: { resourceClaims: [{ name: "a", resourceClaimTemplateName: "b" }] },
    bad: { resourceClaims: [{ name: "a" }] },
    says: [
      'spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
    ],
  },
  {
    rule: "an operating system is known",
    good: { os: { name: "linux" } },
    bad: { os: { name: "plan9" } },
    says: ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
  },
  {
    rule: "Windows has no Linux users",
    good: { os: { name: "windows" }, securityContext: { windowsOptions: { runAsUserName: "a" } } },
    bad: { os: { name: "windows" }, securityContext: { runAsUser: 1 } },
    says: ["spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod"],
  },
  {
    rule: "Linux has no Windows options",
    good: { os: { name: "linux" }, securityContext: { runAsUser: 1 } },
    bad: { os: { name: "linux" }, securityContext: { windowsOptions: {} } },
    says: ["spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod"],
  },
  {
    rule: "HostProcess is on the host's network",
    good: { hostNetwork: true, securityContext: { windowsOptions: { hostProcess: true } } },
    bad: { securityContext: { windowsOptions: { hostProcess: true } } },
    says: [
      "spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
    ],
  },
  {
    rule: "a pod's own request covers its containers'",
    good: {
      resources: { requests: { cpu: "1" } },
      containers: [container({ resources: { requests: { cpu: "1000m" } } })],
    },
    bad: {
      resources: { requests: { cpu: "1" } },
      containers: [container({ resources: { requests: { cpu: "1001m" } } })],
    },
    says: [
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 1001m',
    ],
  },
  {
    rule: "a pod's own resources are cpu, memory and huge pages",
    good: { resources: { limits: { memory: "1Gi" } } },
    bad: { resources: { requests: { "ephemeral-storage": "1Gi" } } },
    says: [
      'spec.resources.requests[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
    ],
  },
  {
    rule: "containers for debugging come later",
    good: {},
    bad: { ephemeralContainers: [container({ name: "debug" })] },
    says: ["spec.ephemeralContainers: Forbidden: cannot be set on create"],
  },
  {
    rule: "a readiness gate is a condition's name",
    good: { readinessGates: [{ conditionType: "example.com/Ready" }] },
    bad: { readinessGates: [{ conditionType: "" }] },
    says: [
      'spec.readinessGates[0].conditionType: Invalid value: "": name part must be non-empty',
      "spec.readinessGates[0].conditionType: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  },
];

describe("a pod", () => {
  for (const { rule, good, bad, says } of rules) {
    test(rule, () => {
      assert.deepEqual(problems(Pod, podWith(good)), []);
      assert.deepEqual(problems(Pod, podWith(bad)), says);
    });
  }

  test("says what its deletion costs as a number", () => {
    const key = "controller.kubernetes.io/pod-deletion-cost";
    assert.deepEqual(problems(Pod, podWith({}, { annotations: { [key]: "-5" } })), []);
    assert.deepEqual(problems(Pod, podWith({}, { annotations: { [key]: "05" } })), [
      `metadata.annotations[${key}]: Invalid value: "05": must be a 32bit integer`,
    ]);
  });

  test("has a node where it mirrors a file", () => {
    const annotations = { "kubernetes.io/config.mirror": "x" };
    assert.deepEqual(problems(Pod, podWith({ nodeName: "n" }, { annotations })), []);
    assert.deepEqual(problems(Pod, podWith({}, { annotations })), [
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    ]);
  });

  test("does not contradict itself about seccomp", () => {
    const annotations = { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" };
    const withProfile = (type: string) => podWith({ securityContext: { seccompProfile: { type } } }, { annotations });
    assert.deepEqual(problems(Pod, withProfile("Unconfined")), []);
    assert.deepEqual(problems(Pod, withProfile("RuntimeDefault")), [
      "spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
    ]);
  });
});
