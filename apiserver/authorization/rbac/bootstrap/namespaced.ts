const leaderLocking = [
  "create,get,list,update,watch coordination.k8s.io leases",
  "create,get,list,update,watch coordination.k8s.io leasecandidates",
];
const events = "create,patch,update core,events.k8s.io events";

/** Roles by namespace, one text a rule, as in cluster-roles.ts. */
export const namespacedRules: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "kube-public": {
    "system:controller:bootstrap-signer": [
      "get,list,watch core configmaps",
      "update core configmaps cluster-info",
      events,
    ],
  },
  "kube-system": {
    "extension-apiserver-authentication-reader": ["get,list,watch core configmaps extension-apiserver-authentication"],
    "system::leader-locking-kube-controller-manager": leaderLocking,
    "system::leader-locking-kube-scheduler": leaderLocking,
    "system:controller:bootstrap-signer": ["get,list,watch core secrets"],
    "system:controller:cloud-provider": ["create,get,list,watch core configmaps"],
    "system:controller:token-cleaner": ["delete,get,list,watch core secrets", events],
  },
};

/** RoleBindings: namespace, name, role, subjects (see parse.ts). */
export const namespacedBindings: readonly (readonly [string, string, string, ...string[]])[] = [
  ["kube-public", "system:controller:bootstrap-signer", "system:controller:bootstrap-signer", "sa:bootstrap-signer"],
  [
    "kube-system",
    "system::extension-apiserver-authentication-reader",
    "extension-apiserver-authentication-reader",
    "user:system:kube-controller-manager",
    "user:system:kube-scheduler",
  ],
  [
    "kube-system",
    "system::leader-locking-kube-controller-manager",
    "system::leader-locking-kube-controller-manager",
    "user:system:kube-controller-manager",
    "sa:kube-controller-manager",
    "sa:leader-election-controller",
  ],
  [
    "kube-system",
    "system::leader-locking-kube-scheduler",
    "system::leader-locking-kube-scheduler",
    "user:system:kube-scheduler",
    "sa:kube-scheduler",
  ],
  ["kube-system", "system:controller:bootstrap-signer", "system:controller:bootstrap-signer", "sa:bootstrap-signer"],
  ["kube-system", "system:controller:cloud-provider", "system:controller:cloud-provider", "sa:cloud-provider"],
  ["kube-system", "system:controller:token-cleaner", "system:controller:token-cleaner", "sa:token-cleaner"],
];
