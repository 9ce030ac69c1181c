import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Container, PodSpec } from "../../../api/generated/types/core-v1.ts";
import type { PodView } from "./check.ts";
import { allChecks } from "./checks/all.ts";
import { detailsText, newestVersion, violationsOf } from "./evaluate.ts";
import { type LevelVersion, latest } from "./level.ts";

type Change = (pod: { metadata: Record<string, unknown>; spec: Mutable<PodSpec> }) => void;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const confined = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

/** The least that every version of the restricted level lets in. */
function good(change: Change = () => undefined): PodView {
  const container = (name: string): Container =>
    ({ name, image: "x", securityContext: confined }) as unknown as Container;
  const pod = {
    metadata: {},
    spec: {
      initContainers: [container("i")],
      containers: [container("c")],
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    } as unknown as Mutable<PodSpec>,
  };
  change(pod);
  return pod as unknown as PodView;
}

const container =
  (fields: object, list: "containers" | "initContainers" | "ephemeralContainers" = "containers"): Change =>
  ({ spec }) => {
    const name = { containers: "c", initContainers: "i", ephemeralContainers: "e" }[list];
    Object.assign(spec, { [list]: [{ name, image: "x", securityContext: confined, ...fields }] });
  };
const security = (fields: object, list?: Parameters<typeof container>[1]): Change =>
  container({ securityContext: { ...confined, ...fields } }, list);
const podSecurity =
  (fields: object): Change =>
  ({ spec }) => {
    spec.securityContext = { ...spec.securityContext, ...fields };
  };
const spec =
  (fields: object): Change =>
  (pod) => {
    Object.assign(pod.spec, fields);
  };
const annotated =
  (annotations: object): Change =>
  ({ metadata }) =>
    void Object.assign(metadata, { annotations });
const both =
  (...changes: readonly Change[]): Change =>
  (pod) => {
    for (const change of changes) change(pod);
  };

const baseline = (version: number): LevelVersion => ({ level: "baseline", version });
const restricted = (version: number): LevelVersion => ({ level: "restricted", version });
const unconfinedProbe = { httpGet: { host: "bad.host", port: 80 } };

const cases: readonly [says: string, at: LevelVersion, change: Change, violations: string][] = [
  [
    "a pod without security",
    restricted(latest),
    ({ spec }) => {
      spec.securityContext = {};
      spec.initContainers = [];
      spec.containers = [{ name: "a", image: "x" } as Container, { name: "b", image: "x" } as Container];
    },
    'allowPrivilegeEscalation != false (containers "a", "b" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or containers "a", "b" must set securityContext.runAsNonRoot=true), seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  ["privilege escalation before 1.8", restricted(7), security({ allowPrivilegeEscalation: true }), ""],
  [
    "privilege escalation since 1.8",
    restricted(8),
    security({ allowPrivilegeEscalation: true }, "initContainers"),
    'allowPrivilegeEscalation != false (container "i" must set securityContext.allowPrivilegeEscalation=false)',
  ],
  [
    "privilege escalation on Windows before 1.25",
    restricted(24),
    both(spec({ os: { name: "windows" } }), security({ allowPrivilegeEscalation: true })),
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
  ],
  [
    "privilege escalation on Windows since 1.25",
    restricted(25),
    both(spec({ os: { name: "windows" } }), security({ allowPrivilegeEscalation: true })),
    "",
  ],
  [
    "an AppArmor annotation",
    baseline(0),
    annotated({ "container.apparmor.security.beta.kubernetes.io/c": "unconfined" }),
    'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
  ],
  [
    "AppArmor annotations that confine",
    baseline(0),
    annotated({
      "container.apparmor.security.beta.kubernetes.io/c": "localhost/x",
      "container.apparmor.security.beta.kubernetes.io/i": "runtime/default",
    }),
    "",
  ],
  [
    "AppArmor fields",
    baseline(30),
    both(podSecurity({ appArmorProfile: { type: "Unconfined" } }), security({ appArmorProfile: { type: "Other" } })),
    'forbidden AppArmor profiles (pod and container "c" must not set AppArmor profile type to "Other", "Unconfined")',
  ],
  ["AppArmor fields that confine", baseline(30), podSecurity({ appArmorProfile: { type: "Localhost" } }), ""],
  [
    "capabilities beyond the default",
    baseline(0),
    security({ capabilities: { add: ["NET_RAW", "CHOWN", "BPF"] } }),
    'non-default capabilities (container "c" must not include "BPF", "NET_RAW" in securityContext.capabilities.add)',
  ],
  ["default capabilities", baseline(0), security({ capabilities: { add: ["CHOWN", "SYS_CHROOT"] } }), ""],
  ["capabilities kept, restricted before 1.22", restricted(21), security({ capabilities: { add: ["CHOWN"] } }), ""],
  [
    "capabilities kept and added since 1.22",
    restricted(22),
    security({ capabilities: { add: ["NET_RAW"] } }),
    'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "NET_RAW" in securityContext.capabilities.add)',
  ],
  [
    "the one capability that may come back",
    restricted(22),
    security({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }),
    "",
  ],
  [
    "capabilities on Windows since 1.25",
    restricted(25),
    both(spec({ os: { name: "windows" } }), security({ capabilities: {} })),
    "",
  ],
  [
    "the node's namespaces",
    baseline(0),
    spec({ hostIPC: true, hostPID: true, hostNetwork: true }),
    "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
  ],
  ["namespaces of its own", baseline(0), spec({ hostPID: false }), ""],
  [
    "hostPath volumes",
    baseline(0),
    spec({
      volumes: [
        { name: "a", hostPath: { path: "/" } },
        { name: "b", emptyDir: {} },
      ],
    }),
    'hostPath volumes (volume "a")',
  ],
  [
    "hostPath and others, restricted",
    restricted(0),
    spec({
      volumes: [
        { name: "a", hostPath: { path: "/" } },
        { name: "b", nfs: {} },
        { name: "c", csi: {} },
      ],
    }),
    'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
  ],
  [
    "volumes of unknown kind",
    restricted(0),
    spec({ volumes: [{ name: "a" }] }),
    'restricted volume types (volume "a" uses restricted volume type "unknown")',
  ],
  [
    "volumes of every allowed kind",
    restricted(0),
    spec({
      volumes: [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
      ].map((kind) => ({ name: kind, [kind]: {} })),
    }),
    "",
  ],
  [
    "host ports",
    baseline(0),
    both(
      container({
        ports: [
          { containerPort: 1, hostPort: 9 },
          { containerPort: 2, hostPort: 10 },
        ],
      }),
      container({ ports: [{ containerPort: 3, hostPort: 9 }] }, "ephemeralContainers"),
    ),
    'hostPort (containers "c", "e" use hostPorts 10, 9)',
  ],
  [
    "ports of its own",
    baseline(0),
    container({ ports: [{ containerPort: 1, hostPort: 0 }, { containerPort: 2 }] }),
    "",
  ],
  ["probes of other hosts before 1.34", baseline(33), container({ livenessProbe: unconfinedProbe }), ""],
  [
    "probes of other hosts since 1.34",
    baseline(34),
    container({ livenessProbe: unconfinedProbe, lifecycle: { preStop: { tcpSocket: { host: "::1", port: 1 } } } }),
    'probe or lifecycle host (container "c" uses probe or lifecycle hosts "::1", "bad.host")',
  ],
  [
    "probes of itself",
    baseline(34),
    container({ readinessProbe: { httpGet: { port: 1 } }, startupProbe: { tcpSocket: { port: 1 } } }),
    "",
  ],
  [
    "a privileged container",
    baseline(0),
    security({ privileged: true }, "ephemeralContainers"),
    'privileged (container "e" must not set securityContext.privileged=true)',
  ],
  ["a container that says it is not privileged", baseline(0), security({ privileged: false }), ""],
  [
    "an unmasked /proc before 1.35",
    baseline(34),
    both(spec({ hostUsers: false }), security({ procMount: "Unmasked" })),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    "an unmasked /proc with users of its own since 1.35",
    baseline(35),
    both(spec({ hostUsers: false }), security({ procMount: "Unmasked" })),
    "",
  ],
  [
    "an unmasked /proc with the node's users since 1.35",
    baseline(35),
    security({ procMount: "Unmasked" }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    "an unmasked /proc, restricted",
    restricted(latest),
    both(spec({ hostUsers: false }), security({ procMount: "Unmasked" })),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  ["the default /proc", restricted(latest), security({ procMount: "Default" }), ""],
  [
    "root by pod and container",
    restricted(0),
    both(podSecurity({ runAsNonRoot: false }), security({ runAsNonRoot: false })),
    'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false)',
  ],
  [
    "root by silence",
    restricted(0),
    both(podSecurity({ runAsNonRoot: undefined }), security({ runAsNonRoot: true })),
    'runAsNonRoot != true (pod or container "i" must set securityContext.runAsNonRoot=true)',
  ],
  [
    "root among users of its own",
    restricted(35),
    both(spec({ hostUsers: false }), podSecurity({ runAsNonRoot: false, runAsUser: 0 })),
    "",
  ],
  ["user 0 before 1.23", restricted(22), podSecurity({ runAsUser: 0 }), ""],
  [
    "user 0 since 1.23",
    restricted(23),
    both(podSecurity({ runAsUser: 0 }), security({ runAsUser: 0 })),
    'runAsUser=0 (pod and container "c" must not set runAsUser=0)',
  ],
  ["another user", restricted(23), podSecurity({ runAsUser: 1 }), ""],
  [
    "SELinux of one's own",
    baseline(0),
    both(
      podSecurity({ seLinuxOptions: { type: "b", user: "u" } }),
      security({ seLinuxOptions: { type: "a", role: "r" } }),
    ),
    'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: types "a", "b"; user may not be set; role may not be set)',
  ],
  [
    "the SELinux type of engines before 1.31",
    baseline(30),
    podSecurity({ seLinuxOptions: { type: "container_engine_t" } }),
    'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
  ],
  [
    "the SELinux type of engines since 1.31",
    baseline(31),
    podSecurity({ seLinuxOptions: { type: "container_engine_t" } }),
    "",
  ],
  [
    "seccomp annotations before 1.19",
    baseline(18),
    annotated({
      "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
      "container.seccomp.security.alpha.kubernetes.io/c": "x",
      "container.seccomp.security.alpha.kubernetes.io/other": "x",
    }),
    'seccompProfile (forbidden annotations container.seccomp.security.alpha.kubernetes.io/c="x", seccomp.security.alpha.kubernetes.io/pod="unconfined")',
  ],
  [
    "seccomp annotations that confine",
    baseline(18),
    annotated({
      "seccomp.security.alpha.kubernetes.io/pod": "docker/default",
      "container.seccomp.security.alpha.kubernetes.io/c": "localhost/x",
    }),
    "",
  ],
  [
    "seccomp annotations since 1.19",
    baseline(19),
    annotated({ "seccomp.security.alpha.kubernetes.io/pod": "unconfined" }),
    "",
  ],
  [
    "an unconfined seccomp profile",
    baseline(19),
    podSecurity({ seccompProfile: { type: "Unconfined" } }),
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    "a pod without a seccomp profile, restricted",
    restricted(19),
    both(podSecurity({ seccompProfile: undefined }), security({ seccompProfile: { type: "Localhost" } })),
    'seccompProfile (pod or container "i" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    "a pod without a seccomp profile on Windows",
    restricted(25),
    both(spec({ os: { name: "windows" } }), podSecurity({ seccompProfile: undefined })),
    "",
  ],
  [
    "sysctls",
    baseline(latest),
    podSecurity({
      sysctls: [
        { name: "b", value: "" },
        { name: "a", value: "" },
        { name: "net.ipv4.tcp_rmem", value: "" },
      ],
    }),
    "forbidden sysctls (b, a)",
  ],
  [
    "a sysctl before it was safe (1.27)",
    baseline(26),
    podSecurity({ sysctls: [{ name: "net.ipv4.ip_local_reserved_ports", value: "" }] }),
    "forbidden sysctls (net.ipv4.ip_local_reserved_ports)",
  ],
  [
    "a sysctl since it is safe (1.27)",
    baseline(27),
    podSecurity({ sysctls: [{ name: "net.ipv4.ip_local_reserved_ports", value: "" }] }),
    "",
  ],
  [
    "a sysctl before it was safe (1.29)",
    baseline(28),
    podSecurity({ sysctls: [{ name: "net.ipv4.tcp_fin_timeout", value: "" }] }),
    "forbidden sysctls (net.ipv4.tcp_fin_timeout)",
  ],
  [
    "a sysctl before it was safe (1.32)",
    baseline(31),
    podSecurity({ sysctls: [{ name: "net.ipv4.tcp_wmem", value: "" }] }),
    "forbidden sysctls (net.ipv4.tcp_wmem)",
  ],
  [
    "processes of a Windows node",
    baseline(0),
    both(podSecurity({ windowsOptions: { hostProcess: true } }), security({ windowsOptions: { hostProcess: true } })),
    'hostProcess (pod and container "c" must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  ["processes within a Windows container", baseline(0), podSecurity({ windowsOptions: { hostProcess: false } }), ""],
];

for (const [says, at, change, violations] of cases) {
  test(`${says}: ${violations === "" ? "allowed" : "refused"} at ${at.level}, v1.${at.version}`, () => {
    assert.equal(detailsText(violationsOf(at, good(change))), violations);
  });
}

test("the least secure pod that is good at the restricted level is good at every level of every version", () => {
  for (let version = 0; version <= newestVersion + 3; version++) {
    assert.deepEqual(violationsOf(baseline(version), good()), []);
    assert.deepEqual(violationsOf(restricted(version), good()), []);
  }
});

test("the privileged level allows everything", () => {
  const pod = good(both(spec({ hostPID: true }), security({ privileged: true })));
  assert.deepEqual(violationsOf({ level: "privileged", version: 0 }, pod), []);
  assert.ok(violationsOf(baseline(latest), pod).length === 2);
});

const arbitraryPod = fc
  .subarray(cases.map(([, , change]) => change))
  .map((changes) => good(both(...changes)))
  .filter((pod) => pod.spec.os?.name !== "windows");

test("what the baseline refuses, the restricted level refuses in each version", () => {
  fc.assert(
    fc.property(arbitraryPod, fc.integer({ min: 0, max: newestVersion + 1 }), (pod, version) => {
      if (violationsOf(baseline(version), pod).length > 0) {
        assert.notDeepEqual(violationsOf(restricted(version), pod), []);
      }
    }),
    { numRuns: 300 },
  );
});

test("a version that does not exist yet is the newest one", () => {
  fc.assert(
    fc.property(arbitraryPod, fc.constantFrom(baseline, restricted), (pod, level) => {
      assert.deepEqual(violationsOf(level(latest), pod), violationsOf(level(newestVersion), pod));
      assert.deepEqual(violationsOf(level(99), pod), violationsOf(level(newestVersion), pod));
    }),
    { numRuns: 100 },
  );
});

test("checks have ids of their own, rising versions, and override what exists at the baseline", () => {
  assert.equal(new Set(allChecks.map(({ id }) => id)).size, allChecks.length);
  const ids = (level: string) => allChecks.filter((check) => check.level === level).map(({ id }) => id);
  for (const level of ["baseline", "restricted"]) assert.deepEqual(ids(level), [...ids(level)].sort());
  for (const { versions } of allChecks) {
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a.since - b.since),
    );
    for (const id of versions.flatMap(({ overrides = [] }) => overrides)) assert.ok(ids("baseline").includes(id), id);
  }
});
