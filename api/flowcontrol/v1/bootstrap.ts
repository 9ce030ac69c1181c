import type * as types from "../../generated/types/flowcontrol-v1.ts";

// The objects that every cluster has, or is advised to have (apiserver/pkg/apis/flowcontrol/bootstrap/default.go).

export interface BootstrapObject<Spec> {
  readonly apiVersion: "flowcontrol.apiserver.k8s.io/v1";
  readonly kind: "FlowSchema" | "PriorityLevelConfiguration";
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: Spec;
}
export type BootstrapFlowSchema = BootstrapObject<types.FlowSchemaSpec>;
export type BootstrapPriorityLevel = BootstrapObject<types.PriorityLevelConfigurationSpec>;

/** `true`: the server keeps the object's spec as it comes with; `false`: what an operator made of it stays. */
export const autoUpdateAnnotation = "apf.kubernetes.io/autoupdate-spec";

const metadata = (name: string): BootstrapObject<never>["metadata"] => ({
  name,
  annotations: { [autoUpdateAnnotation]: "true" },
});

function priorityLevel(name: string, spec: types.PriorityLevelConfigurationSpec): BootstrapPriorityLevel {
  const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
  return { apiVersion, kind: "PriorityLevelConfiguration", metadata: metadata(name), spec };
}

interface Shape {
  readonly shares: number;
  readonly lendable: number;
  readonly queues: number;
  readonly handSize: number;
}

function queued(name: string, { shares, lendable, queues, handSize }: Shape): BootstrapPriorityLevel {
  const limitResponse = { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } };
  const limited = { nominalConcurrencyShares: shares, lendablePercent: lendable, limitResponse };
  return priorityLevel(name, { type: "Limited", limited });
}

export const mandatoryPriorityLevels: readonly BootstrapPriorityLevel[] = [
  priorityLevel("catch-all", {
    type: "Limited",
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: "Reject" } },
  }),
  priorityLevel("exempt", { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
];

export const suggestedPriorityLevels: readonly BootstrapPriorityLevel[] = [
  queued("system", { shares: 30, lendable: 33, queues: 64, handSize: 6 }),
  queued("node-high", { shares: 40, lendable: 25, queues: 64, handSize: 6 }),
  queued("leader-election", { shares: 10, lendable: 0, queues: 16, handSize: 4 }),
  queued("workload-high", { shares: 40, lendable: 50, queues: 128, handSize: 6 }),
  queued("workload-low", { shares: 100, lendable: 90, queues: 128, handSize: 6 }),
  queued("global-default", { shares: 20, lendable: 50, queues: 128, handSize: 6 }),
];

const group = (name: string): types.Subject => ({ kind: "Group", group: { name } });
const user = (name: string): types.Subject => ({ kind: "User", user: { name } });
const everyone = [group("system:unauthenticated"), group("system:authenticated")];
const kubeSystemAccounts: types.Subject = {
  kind: "ServiceAccount",
  serviceAccount: { name: "*", namespace: "kube-system" },
};
const anyPath: types.NonResourcePolicyRule = { verbs: ["*"], nonResourceURLs: ["*"] };
const anyResource: types.ResourcePolicyRule = {
  verbs: ["*"],
  apiGroups: ["*"],
  resources: ["*"],
  namespaces: ["*"],
  clusterScope: true,
};
const all = (...subjects: types.Subject[]): types.PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [anyResource],
  nonResourceRules: [anyPath],
});
const leases = (verbs: readonly string[]): types.ResourcePolicyRule => ({
  verbs,
  apiGroups: ["coordination.k8s.io"],
  resources: ["leases"],
  namespaces: ["*"],
});

interface SchemaShape {
  readonly level: string;
  readonly precedence: number;
  readonly by?: "ByUser" | "ByNamespace";
  readonly rule: types.PolicyRulesWithSubjects;
}

function flowSchema(name: string, { level, precedence, by, rule }: SchemaShape): BootstrapFlowSchema {
  return {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: metadata(name),
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence: precedence,
      ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
      rules: [rule],
    },
  };
}

export const mandatoryFlowSchemas: readonly BootstrapFlowSchema[] = [
  flowSchema("exempt", { level: "exempt", precedence: 1, rule: all(group("system:masters")) }),
  flowSchema("catch-all", { level: "catch-all", precedence: 10_000, by: "ByUser", rule: all(...everyone) }),
];

export const suggestedFlowSchemas: readonly BootstrapFlowSchema[] = [
  flowSchema("system-nodes", { level: "system", precedence: 500, by: "ByUser", rule: all(group("system:nodes")) }),
  flowSchema("system-node-high", {
    level: "node-high",
    precedence: 400,
    by: "ByUser",
    rule: {
      subjects: [group("system:nodes")],
      resourceRules: [
        { verbs: ["*"], apiGroups: [""], resources: ["nodes", "nodes/status"], namespaces: ["*"], clusterScope: true },
        leases(["*"]),
      ],
    },
  }),
  flowSchema("probes", {
    level: "exempt",
    precedence: 2,
    rule: {
      subjects: everyone,
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
    },
  }),
  flowSchema("system-leader-election", {
    level: "leader-election",
    precedence: 100,
    by: "ByUser",
    rule: {
      subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler"), kubeSystemAccounts],
      resourceRules: [leases(["get", "create", "update"])],
    },
  }),
  flowSchema("kube-controller-manager", {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    rule: all(user("system:kube-controller-manager")),
  }),
  flowSchema("kube-scheduler", {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    rule: all(user("system:kube-scheduler")),
  }),
  flowSchema("kube-system-service-accounts", {
    level: "workload-high",
    precedence: 900,
    by: "ByNamespace",
    rule: all(kubeSystemAccounts),
  }),
  flowSchema("service-accounts", {
    level: "workload-low",
    precedence: 9000,
    by: "ByUser",
    rule: all(group("system:serviceaccounts")),
  }),
  flowSchema("global-default", {
    level: "global-default",
    precedence: 9900,
    by: "ByUser",
    rule: all(...everyone),
  }),
];
