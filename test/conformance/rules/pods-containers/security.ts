import { outside } from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidShown,
  type JsonObject,
  type KindRules,
  notSupported,
  type Refusal,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";
import { choice, init, main, pod } from "./pod.ts";

const ofPod = "spec.securityContext";
const ofContainer = `${main}.securityContext`;
const maxId = 2 ** 31 - 1;
const notId = outside(0, maxId);
const types = ["Localhost", "RuntimeDefault", "Unconfined"];

function idRule(says: string, place: string): Rule {
  return {
    says,
    accepts: [{ [place]: 0 }, { [place]: maxId }],
    refuses: [
      refused({ [place]: -1 }, invalid(place.replace("[+]", "[0]"), -1, notId)),
      refused({ [place]: maxId + 1 }, invalid(place.replace("[+]", "[0]"), maxId + 1, notId)),
    ],
  };
}

/** As upstream shows the context of a container: by the names of its internal type. */
function shownContext(privileged: boolean | null, capabilities: JsonObject | null): string {
  const none = { RunAsUser: null, RunAsGroup: null, RunAsNonRoot: null, ReadOnlyRootFilesystem: null };
  return JSON.stringify({
    Capabilities: capabilities,
    Privileged: privileged,
    SELinuxOptions: null,
    WindowsOptions: null,
    ...none,
    AllowPrivilegeEscalation: false,
    ProcMount: null,
    SeccompProfile: null,
    AppArmorProfile: null,
  });
}

function seccompRules(place: string): readonly Rule[] {
  const at = `${place}.seccompProfile`;
  const file = `${at}.localhostProfile`;
  return [
    {
      says: `${at} says of which type it is`,
      accepts: [{ [at]: { type: "RuntimeDefault" } }, { [at]: { type: "Unconfined" } }],
      refuses: [
        refused({ [at]: {} }, required(`${at}.type`, "type is required when seccompProfile is set")),
        refused({ [at]: { type: "Other" } }, notSupported(`${at}.type`, "Other", types)),
      ],
    },
    {
      says: `${at} names a file of the node if it is of one`,
      accepts: [{ [at]: { type: "Localhost", localhostProfile: "a/b" } }],
      refuses: [
        refused({ [at]: { type: "Localhost" } }, required(file, "must be set when seccomp type is Localhost")),
        refused(
          { [at]: { type: "Unconfined", localhostProfile: "a" } },
          invalidShown(
            file,
            '{"Type":"Unconfined","LocalhostProfile":"a"}',
            "can only be set when seccomp type is Localhost",
          ),
        ),
        refused(
          { [at]: { type: "Localhost", localhostProfile: "/a" } },
          invalid(file, "/a", "must be a relative path"),
        ),
        refused(
          { [at]: { type: "Localhost", localhostProfile: "../a" } },
          invalid(file, "../a", "must not contain '..'"),
        ),
      ],
    },
  ];
}

function appArmorRules(place: string): readonly Rule[] {
  const at = `${place}.appArmorProfile`;
  const name = `${at}.localhostProfile`;
  const unset = required(name, "must be set when AppArmor type is Localhost");
  const padded = (text: string): Refusal =>
    refused(
      { [at]: { type: "Localhost", localhostProfile: text } },
      invalid(name, text, "must not be padded with whitespace"),
    );
  return [
    {
      says: `${at} says of which type it is`,
      accepts: [{ [at]: { type: "RuntimeDefault" } }, { [at]: { type: "Unconfined" } }],
      refuses: [
        refused({ [at]: {} }, required(`${at}.type`, "type is required when appArmorProfile is set")),
        refused({ [at]: { type: "Other" } }, notSupported(`${at}.type`, "Other", types)),
      ],
    },
    {
      says: `${at} names a profile of the node if it is one`,
      accepts: [
        { [at]: { type: "Localhost", localhostProfile: "a b" } },
        { [at]: { type: "Localhost", localhostProfile: "a".repeat(4095) } },
      ],
      refuses: [
        refused({ [at]: { type: "Localhost" } }, unset),
        refused({ [at]: { type: "Localhost", localhostProfile: "" } }, unset),
        padded(" a"),
        padded(" "),
        refused(
          { [at]: { type: "Localhost", localhostProfile: "a".repeat(4096) } },
          tooLong(name, "may not be more than 4095 bytes"),
        ),
        refused(
          { [at]: { type: "RuntimeDefault", localhostProfile: "a" } },
          invalid(name, "a", "can only be set when AppArmor type is Localhost"),
        ),
      ],
    },
  ];
}

const sysctl = `${ofPod}.sysctls`;
const set = (...names: readonly string[]) => ({ [sysctl]: names.map((name) => ({ name, value: "1" })) });
const notSysctl =
  "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const ofIpc = [
  ..."sem shm_rmid_forced shmall shmmax shmmni msgmax msgmnb msgmni".split(" ").map((name) => `kernel.${name}`),
  "kernel/sem",
  "fs.mqueue.a",
];
const block = { [`${main}.volumeDevices`]: [{ name: "p", devicePath: "/a" }] };
const withoutHost = "when `hostUsers` is false";

export const security: KindRules = {
  ...pod,
  create: [
    idRule("the user of a container is a number of 31 bits", `${ofContainer}.runAsUser`),
    idRule("the group of a container is a number of 31 bits", `${ofContainer}.runAsGroup`),
    idRule("the user of a pod is a number of 31 bits", `${ofPod}.runAsUser`),
    idRule("the group of a pod is a number of 31 bits", `${ofPod}.runAsGroup`),
    idRule("the group of a pod's files is a number of 31 bits", `${ofPod}.fsGroup`),
    idRule("a further group of a pod is a number of 31 bits", `${ofPod}.supplementalGroups[+]`),
    {
      says: "/proc is masked, or the pod has users of its own",
      accepts: [
        { [`${ofContainer}.procMount`]: "Default" },
        { [`${ofContainer}.procMount`]: "Unmasked", "spec.hostUsers": false },
      ],
      refuses: [
        refused(
          { [`${ofContainer}.procMount`]: "Other" },
          notSupported(`${ofContainer}.procMount`, "Other", ["Default", "Unmasked"]),
        ),
        ...[{}, { "spec.hostUsers": true }].map((users) =>
          refused(
            { ...users, [`${ofContainer}.procMount`]: "Unmasked" },
            invalid(`${ofContainer}.procMount`, "Unmasked", "`hostUsers` must be false to use `Unmasked`"),
          ),
        ),
      ],
    },
    {
      says: "who gets no more privileges has not all",
      accepts: [
        { [ofContainer]: { allowPrivilegeEscalation: false, privileged: false } },
        { [ofContainer]: { allowPrivilegeEscalation: false, capabilities: { add: ["SYS_ADMIN"] } } },
      ],
      refuses: [
        refused(
          { [ofContainer]: { allowPrivilegeEscalation: false, privileged: true } },
          invalidShown(
            ofContainer,
            shownContext(true, null),
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
          ),
        ),
        refused(
          { [ofContainer]: { allowPrivilegeEscalation: false, capabilities: { add: ["CAP_SYS_ADMIN"] } } },
          invalidShown(
            ofContainer,
            shownContext(null, { Add: ["CAP_SYS_ADMIN"], Drop: null }),
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
          ),
        ),
      ],
    },
    ...seccompRules(ofContainer),
    ...seccompRules(ofPod),
    ...appArmorRules(ofContainer),
    ...appArmorRules(ofPod),
    {
      says: "processes are shared within the pod or with the host",
      accepts: { "spec.shareProcessNamespace": false, "spec.hostPID": true },
      refuses: refused(
        { "spec.shareProcessNamespace": true, "spec.hostPID": true },
        invalid(`${ofPod}.shareProcessNamespace`, true, "ShareProcessNamespace and HostPID cannot both be enabled"),
      ),
    },
    choice("the group of files changes always, or where their root has another", `${ofPod}.fsGroupChangePolicy`, [
      "Always",
      "OnRootMismatch",
    ]),
    choice("groups of the image are kept or not", `${ofPod}.supplementalGroupsPolicy`, ["Merge", "Strict"]),
    choice("labels of SELinux are changed file by file", `${ofPod}.seLinuxChangePolicy`, ["Recursive"]),
    {
      says: "a sysctl has the name of one, and stands once",
      accepts: [set("kernel.a-b_c", "net/ipv4/conf/eth0.1/x"), set(`${"a.".repeat(126)}a`)],
      refuses: [
        refused({ [sysctl]: [{ value: "1" }] }, required(`${sysctl}[0].name`)),
        ...["A", "a.", "-a", "a..b", "a".repeat(254)].map((name) =>
          refused(set(name), invalid(`${sysctl}[0].name`, name, notSysctl)),
        ),
        refused(set("a", "a"), duplicate(`${sysctl}[1].name`, "a")),
      ],
    },
    {
      says: "who shares the host's network does not set its sysctls",
      accepts: { "spec.hostNetwork": true, ...set("kernel.sem", "netx.a") },
      refuses: ["net.a", "net/ipv4/a.b"].map((name) =>
        refused(
          { "spec.hostNetwork": true, ...set(name) },
          invalid(`${sysctl}[0].name`, name, "may not be specified when 'hostNetwork' is true"),
        ),
      ),
    },
    {
      says: "who shares the host's messages and memory does not set their sysctls",
      accepts: { "spec.hostIPC": true, ...set("net.a", "kernel.shm-a", "fs.mqueuea") },
      refuses: ofIpc.map((name) =>
        refused(
          { "spec.hostIPC": true, ...set(name) },
          invalid(`${sysctl}[0].name`, name, "may not be specified when 'hostIPC' is true"),
        ),
      ),
    },
    {
      says: "a pod with users of its own shares nothing of the host",
      accepts: [{ "spec.hostUsers": false }, { "spec.hostUsers": true, "spec.hostPID": true }],
      refuses: [
        refused({ "spec.hostUsers": false, "spec.hostNetwork": true }, forbidden("spec.hostNetwork", withoutHost)),
        refused({ "spec.hostUsers": false, "spec.hostPID": true }, forbidden("spec.HostPID", withoutHost)),
        refused({ "spec.hostUsers": false, "spec.hostIPC": true }, forbidden("spec.HostIPC", withoutHost)),
      ],
    },
    {
      says: "a pod with users of its own has no devices",
      accepts: {
        ...block,
        "spec.volumes": [{ name: "p", persistentVolumeClaim: { claimName: "p" } }],
      },
      refuses: [
        refused(
          {
            ...block,
            "spec.hostUsers": false,
            "spec.volumes": [{ name: "p", persistentVolumeClaim: { claimName: "p" } }],
          },
          forbidden(`${main}.volumeDevices`, withoutHost),
        ),
        refused(
          {
            [init]: { name: "init", image: "a", volumeDevices: [{ name: "p", devicePath: "/a" }] },
            "spec.hostUsers": false,
            "spec.volumes": [{ name: "p", persistentVolumeClaim: { claimName: "p" } }],
          },
          forbidden(`${init}.volumeDevices`, withoutHost),
        ),
      ],
    },
  ],
};
