import { longerThan, notDNSLabel, notDNSSubdomain, outside } from "../messages.ts";
import {
  type Cause,
  duplicate,
  forbidden,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";
import { plainPod } from "./pod.ts";

const maxID = 2 ** 31 - 1;
const lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];

const users: readonly Rule[] = lists.map((list) => {
  const user = `status.${list}[0].user.linux`;
  const as = (linux: Json) => ({ [`status.${list}`]: [{ name: "main", user: { linux } }] });
  return {
    says: `users and groups of ${list} are not negative, and of 31 bits`,
    accepts: as({ uid: maxID, gid: maxID, supplementalGroups: [0, maxID] }),
    refuses: [-1, maxID + 1].map((id) =>
      refused(
        as({ uid: id, gid: id, supplementalGroups: [0, id] }),
        invalid(`${user}.uid`, id, outside(0, maxID)),
        invalid(`${user}.gid`, id, outside(0, maxID)),
        invalid(`${user}.supplementalGroups[1]`, id, outside(0, maxID)),
      ),
    ),
  };
});

const windows: Rule = {
  says: "a container of Windows has no user of Linux",
  stored: { "spec.os": { name: "windows" } },
  accepts: { "status.containerStatuses": [{ name: "main", user: {} }] },
  refuses: refused(
    { "status.containerStatuses": [{ name: "main", user: { linux: { uid: -1, gid: 0 } } }] },
    forbidden("status.containerStatuses[0].user.linux", "cannot be set for a windows pod"),
  ),
};

/** Pods of these rules ask for devices and claims. */
const stored = {
  "spec.resourceClaims": [
    { name: "one", resourceClaimName: "a" },
    { name: "two", resourceClaimName: "b" },
  ],
  "spec.containers[0].resources": {
    limits: { "example.com/gpu": "1" },
    requests: { "example.com/gpu": "1" },
    claims: [{ name: "one" }, { name: "two", request: "r" }],
  },
};
const allocated = (list: string) => `status.${list}[0].allocatedResourcesStatus`;
const health = (...statuses: readonly Json[]) => ({
  "status.containerStatuses": [{ name: "main", allocatedResourcesStatus: statuses }],
});
const resources = (...list: readonly Json[]) => health({ name: "example.com/gpu", resources: list });
const resource = `${allocated("containerStatuses")}[0].resources[0]`;
const noClaim =
  "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";

const healths: readonly Rule[] = [
  {
    says: "health is of resources that the container asked for",
    stored,
    accepts: [
      health({ name: "example.com/gpu" }, { name: "claim:one" }, { name: "claim:two/r" }),
      { "status.containerStatuses": [{ name: "other", allocatedResourcesStatus: [{ name: "a" }] }] },
    ],
    refuses: [
      refused(
        health({ name: "example.com/cpu" }),
        invalid(
          `${allocated("containerStatuses")}[0].name`,
          "example.com/cpu",
          "must match one of the container's resource requests",
        ),
      ),
      ...["claim:one/r", "claim:two", "claim:three"].map((name) =>
        refused(health({ name }), invalid(`${allocated("containerStatuses")}[0].name`, name, noClaim)),
      ),
    ],
  },
  {
    says: "health of an init container is of its own resources",
    stored: { "spec.initContainers": [{ name: "init", image: "a" }] },
    accepts: { "status.initContainerStatuses": [{ name: "init" }] },
    refuses: refused(
      { "status.initContainerStatuses": [{ name: "init", allocatedResourcesStatus: [{ name: "a" }] }] },
      invalid(
        `${allocated("initContainerStatuses")}[0].name`,
        "a",
        "must match one of the container's resource requests",
      ),
    ),
  },
  {
    says: "an ephemeral container has no resources",
    accepts: { "status.ephemeralContainerStatuses": [{ name: "e", allocatedResourcesStatus: [] }] },
    refuses: refused(
      { "status.ephemeralContainerStatuses": [{ name: "e", allocatedResourcesStatus: [{ name: "a" }] }] },
      forbidden(allocated("ephemeralContainerStatuses"), "must not be specified in container status"),
    ),
  },
  {
    says: "a device is healthy, unhealthy, or nobody knows",
    stored,
    accepts: ["Healthy", "Unhealthy", "Unknown"].map((one) => resources({ resourceID: "a", health: one })),
    refuses: refused(
      resources({ resourceID: "a", health: "Ill" }),
      notSupported(`${resource}.health`, "Ill", ["Healthy", "Unhealthy", "Unknown"]),
    ),
  },
  {
    says: "what is said of a device's health is something, in a kibibyte",
    stored,
    accepts: resources({ resourceID: "a", health: "Healthy", message: "é".repeat(512) }),
    refuses: [
      refused(
        resources({ resourceID: "a", health: "Healthy", message: "" }),
        required(`${resource}.message`, "must be non-empty if specified"),
      ),
      refused(
        resources({ resourceID: "a", health: "Healthy", message: "é".repeat(513) }),
        tooLong(`${resource}.message`, "may not be more than 1024 bytes"),
      ),
    ],
  },
  {
    says: "a device's health is told once",
    stored,
    accepts: resources({ resourceID: "a", health: "Healthy" }, { resourceID: "b", health: "Healthy" }),
    refuses: refused(
      resources({ resourceID: "a", health: "Healthy" }, { resourceID: "a", health: "Unhealthy" }),
      duplicate(`${allocated("containerStatuses")}[0].resources[1].resourceID`, "a"),
    ),
  },
];

const claims = "status.resourceClaimStatuses";
const claimStatuses: readonly Rule[] = [
  {
    says: "a claim's status is of a claim of the pod, told once",
    stored,
    accepts: { [claims]: [{ name: "one" }, { name: "two" }] },
    refuses: [
      refused(
        { [claims]: [{ name: "three" }] },
        invalid(`${claims}[0].name`, "three", "must match the name of an entry in `spec.resourceClaims`"),
      ),
      refused({ [claims]: [{ name: "one" }, { name: "one" }] }, duplicate(`${claims}[1].name`, "one")),
    ],
  },
  {
    says: "the claim made for a pod has a claim's name",
    stored,
    accepts: { [claims]: [{ name: "one", resourceClaimName: "a.b" }] },
    refuses: [
      refused(
        { [claims]: [{ name: "one", resourceClaimName: "A" }] },
        invalid(`${claims}[0].resourceClaimName`, "A", notDNSSubdomain),
      ),
      refused(
        { [claims]: [{ name: "one", resourceClaimName: "" }] },
        invalid(`${claims}[0].resourceClaimName`, "", notDNSSubdomain),
      ),
    ],
  },
];

const extended = "status.extendedResourceClaimStatus";
const mapping = { containerName: "main", resourceName: "example.com/gpu", requestName: "r" };
const mapped = (mappings: readonly Json[], resourceClaimName = "a") => ({
  [extended]: { resourceClaimName, requestMappings: mappings },
});
const at = (index: number, field: string): string => `${extended}.requestMappings[${index}].${field}`;
const extendedClaim: readonly Rule[] = [
  {
    says: "the claim for extended resources serves requests of containers",
    stored,
    accepts: mapped([mapping, { ...mapping, requestName: "s" }]),
    refuses: [
      refused(mapped([]), required(`${extended}.requestMappings`, "at least one request mapping is required")),
      refused(
        mapped([{ ...mapping, containerName: "other" }]),
        invalid(
          at(0, "containerName"),
          "other",
          "must match the name of an entry in spec.initContainers.name or spec.containers.name",
        ),
      ),
      refused(
        mapped([{ ...mapping, resourceName: "example.com/cpu" }]),
        invalid(
          at(0, "resourceName"),
          "example.com/cpu",
          "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests",
        ),
      ),
      refused(mapped([{ ...mapping, requestName: "a_b" }]), invalid(`${extended}.requestName`, "a_b", notDNSLabel)),
      refused(
        mapped([mapping, mapping]),
        ...["containerName", "resourceName", "requestName"].map(
          (field): Cause => duplicate(at(1, field), mapping[field as keyof typeof mapping]),
        ),
      ),
    ],
  },
  {
    says: "the claim for extended resources has a claim's name",
    stored,
    accepts: mapped([mapping], "a".repeat(253)),
    refuses: [
      refused(mapped([mapping], ""), required(`${extended}.resourceClaimName`)),
      refused(mapped([mapping], "A"), invalid(`${extended}.resourceClaimName`, "A", notDNSSubdomain)),
      refused(
        mapped([mapping], "a".repeat(254)),
        invalid(`${extended}.resourceClaimName`, "a".repeat(254), longerThan(253)),
      ),
    ],
  },
  {
    // Users of all lists come before the health of any.
    says: "causes come in one order",
    accepts: {},
    refuses: refused(
      {
        "status.containerStatuses": [
          { name: "main", user: { linux: { uid: -1, gid: 0 } }, allocatedResourcesStatus: [{ name: "a" }] },
        ],
        "status.initContainerStatuses": [{ name: "i", user: { linux: { uid: 0, gid: -1 } } }],
      },
      invalid("status.containerStatuses[0].user.linux.uid", -1, outside(0, maxID)),
      invalid("status.initContainerStatuses[0].user.linux.gid", -1, outside(0, maxID)),
      invalid(`${allocated("containerStatuses")}[0].name`, "a", "must match one of the container's resource requests"),
    ),
  },
];

export const containerStatuses: KindRules = {
  ...plainPod,
  subresources: { status: [...users, windows, ...healths, ...claimStatuses, ...extendedClaim] },
};
