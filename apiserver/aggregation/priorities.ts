/** Where a group stands among groups, and a version among the group's: higher comes first. */
export interface VersionPriority {
  readonly group: number;
  readonly version: number;
}

// kube-apiserver's apiVersionPriorities (cmd/kube-apiserver/app/aggregator.go, pkg/controlplane/apiserver/aggregator.go).
const groups: Readonly<Record<string, number>> = {
  "": 18_000,
  apps: 17_800,
  "events.k8s.io": 17_750,
  "authentication.k8s.io": 17_700,
  "authorization.k8s.io": 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  "certificates.k8s.io": 17_300,
  "networking.k8s.io": 17_200,
  policy: 17_100,
  "rbac.authorization.k8s.io": 17_000,
  "storage.k8s.io": 16_800,
  "apiextensions.k8s.io": 16_700,
  "admissionregistration.k8s.io": 16_700,
  "scheduling.k8s.io": 16_600,
  "coordination.k8s.io": 16_500,
  "node.k8s.io": 16_300,
  "discovery.k8s.io": 16_200,
  "resource.k8s.io": 16_200,
  "flowcontrol.apiserver.k8s.io": 16_100,
  "internal.apiserver.k8s.io": 16_000,
  "storagemigration.k8s.io": 15_800,
};
const versions: Readonly<Record<string, number>> = {
  "/v1": 1,
  "autoscaling/v2": 30,
  "flowcontrol.apiserver.k8s.io/v1": 21,
  "resource.k8s.io/v1": 21,
};

/** Of what this server answers itself; undefined for what it registers nobody for. */
export function builtInPriority(group: string, version: string): VersionPriority | undefined {
  const priority = groups[group];
  if (priority === undefined || !Object.hasOwn(groups, group)) return undefined;
  const usual = version.includes("alpha") ? 1 : version.includes("beta") ? 9 : 15;
  return { group: priority, version: versions[`${group}/${version}`] ?? usual };
}

/** The group that registers all others is the first of all (APIRegistrationGroupPriority). */
export const registrationPriority = 20_000;
/** Of custom resources' groups (controllers crdregistration). */
export const customPriority: VersionPriority = { group: 1_000, version: 100 };
