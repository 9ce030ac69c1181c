import { goJson } from "../../../../apimachinery/text/go-json.ts";
import { notDNSSubdomain } from "../messages.ts";
import { forbidden, invalid, invalidShown, type Json, type KindRules, type Rule, refused } from "../rule.ts";
import { init, main, pod } from "./pod.ts";

const options = "spec.securityContext.windowsOptions";
const user = `${options}.runAsUserName`;
const detail = {
  dots: "runAsUserName's User cannot contain only periods or spaces",
  empty: "runAsUserName's User cannot be empty",
  long: "runAsUserName's User length must not be longer than 104 characters",
  characters: `runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`,
  domain: "runAsUserName's Domain doesn't match the NetBios nor the DNS format",
  longDomain: "runAsUserName's Domain length must be under 256 characters",
};
/** Labels of 63 letters, so many characters in all. */
const longDomain = (length: number): string => `${`${"a".repeat(63)}.`.repeat(3)}a.${"b".repeat(length - 194)}`;

function named(name: string, ...details: readonly string[]) {
  return refused({ [user]: name }, ...details.map((one) => invalidShown(user, goJson(name), one)));
}

/** Of what only Linux knows. */
function linuxOnly(place: string, value: Json): Rule {
  return {
    says: `a pod of Windows has no ${place}`,
    accepts: { "spec.os.name": "linux", [place]: value },
    refuses: refused(
      { "spec.os.name": "windows", [place]: value },
      forbidden(place, "cannot be set for a windows pod"),
    ),
  };
}

const ofLinux: Readonly<Record<string, Json>> = {
  appArmorProfile: { type: "Unconfined" },
  seLinuxOptions: { level: "a" },
  seccompProfile: { type: "Unconfined" },
  runAsUser: 1,
  runAsGroup: 1,
};
const ofPods: Readonly<Record<string, Json>> = {
  ...ofLinux,
  fsGroup: 1,
  fsGroupChangePolicy: "Always",
  sysctls: [{ name: "kernel.sem", value: "1" }],
  supplementalGroups: [1],
  supplementalGroupsPolicy: "Merge",
  seLinuxChangePolicy: "Recursive",
};
const ofContainers: Readonly<Record<string, Json>> = {
  ...ofLinux,
  capabilities: {},
  readOnlyRootFilesystem: false,
  privileged: false,
  allowPrivilegeEscalation: true,
  procMount: "Default",
};
const ofSpecs: Readonly<Record<string, Json>> = {
  hostUsers: true,
  hostPID: true,
  hostIPC: true,
  shareProcessNamespace: false,
};
const all = (place: string, fields: Readonly<Record<string, Json>>) =>
  Object.entries(fields).map(([field, value]) => linuxOnly(`${place}.${field}`, value));

const ofPod = `${options}.hostProcess`;
const process = "securityContext.windowsOptions.hostProcess";
const onHost = { "spec.hostNetwork": true };
const notAll = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
const noWindows = "windows options cannot be set for a linux pod";

export const windows: KindRules = {
  ...pod,
  create: [
    {
      says: "a credential of a group's service account has the name of a custom resource",
      accepts: { [`${options}.gmsaCredentialSpecName`]: "a.b" },
      refuses: refused(
        { [`${options}.gmsaCredentialSpecName`]: "A" },
        invalid(`${options}.gmsaCredentialSpecName`, "A", notDNSSubdomain),
      ),
    },
    {
      says: "a credential of a group's service account has 64 KiB at most",
      accepts: [{ [`${options}.gmsaCredentialSpec`]: "a" }, { [`${options}.gmsaCredentialSpec`]: "a".repeat(65536) }],
      refuses: [
        refused(
          { [`${options}.gmsaCredentialSpec`]: "" },
          invalid(`${options}.gmsaCredentialSpec`, "", "gmsaCredentialSpec cannot be an empty string"),
        ),
        refused(
          { [`${options}.gmsaCredentialSpec`]: "a".repeat(65537) },
          invalid(`${options}.gmsaCredentialSpec`, "a".repeat(65537), "gmsaCredentialSpec size must be under 64 KiB"),
        ),
      ],
    },
    {
      says: "a user of Windows has a name",
      accepts: [{ [user]: "a b" }, { [user]: "a".repeat(104) }, { [user]: ". a" }],
      refuses: [
        named("", "runAsUserName cannot be an empty string"),
        refused(
          { [`${main}.securityContext.windowsOptions.runAsUserName`]: "" },
          invalid(
            `${main}.securityContext.windowsOptions.runAsUserName`,
            "",
            "runAsUserName cannot be an empty string",
          ),
        ),
        named("a\n", "runAsUserName cannot contain control characters"),
        refused(
          { [user]: "\u007f" },
          invalidShown(user, '"\u007f"', "runAsUserName cannot contain control characters"),
        ),
        named("a\\b\\c", "runAsUserName cannot contain more than one backslash"),
        named("a\\", detail.empty),
        named("a".repeat(105), detail.long),
        named(". .", detail.dots),
        ...[...'"/:;|=,+*?<>@[]'].map((character) => named(`a${character}`, detail.characters)),
      ],
    },
    {
      says: "a user of Windows may have a domain",
      accepts: ["A b!\\a", `${"a".repeat(15)}\\a`, "a.b-c.example\\a", `${longDomain(255)}\\a`].map((name) => ({
        [user]: name,
      })),
      refuses: [
        named("\\a", detail.domain),
        named(".a\\a", detail.domain),
        named("a b c d e f g h i\\a", detail.domain),
        ...[...'/:*?"<>|'].map((character) => named(`a${character}\\a`, detail.domain)),
        named(`${longDomain(256)}\\a`, detail.longDomain),
      ],
    },
    {
      says: "containers do as their pod in running as the host",
      accepts: { ...onHost, [ofPod]: true, [`${main}.${process}`]: true },
      refuses: [
        refused(
          { ...onHost, [ofPod]: false, [`${main}.${process}`]: true },
          invalid(
            `${main}.${process}`,
            true,
            "pod hostProcess value must be identical if both are specified, was false",
          ),
        ),
        refused(
          { ...onHost, [ofPod]: true, [`${main}.${process}`]: false },
          invalid(
            `${main}.${process}`,
            false,
            "pod hostProcess value must be identical if both are specified, was true",
          ),
        ),
      ],
    },
    {
      says: "all containers run as the host, or none",
      accepts: { ...onHost, [`${main}.${process}`]: true },
      refuses: refused(
        { ...onHost, [`${main}.${process}`]: true, [init]: { name: "init", image: "a" } },
        invalid("spec", "", notAll),
      ),
    },
    {
      says: "who runs as the host is on its network",
      accepts: { ...onHost, [ofPod]: true },
      refuses: refused(
        { [ofPod]: true },
        invalid("spec.hostNetwork", false, "hostNetwork must be true if pod contains any hostProcess containers"),
      ),
    },
    {
      says: "a pod of Linux has no options of Windows",
      accepts: [
        { "spec.os.name": "windows", [options]: {}, [`${main}.securityContext.windowsOptions`]: {} },
        { "spec.os.name": "linux" },
      ],
      refuses: [
        refused({ "spec.os.name": "linux", [options]: {} }, forbidden(options, noWindows)),
        refused(
          {
            "spec.os.name": "linux",
            [init]: { name: "init", image: "a", securityContext: { windowsOptions: {} } },
            [`${main}.securityContext.windowsOptions`]: {},
          },
          forbidden(`${init}.securityContext.windowsOptions`, noWindows),
          forbidden(`${main}.securityContext.windowsOptions`, noWindows),
        ),
      ],
    },
    ...all("spec", ofSpecs),
    ...all("spec.securityContext", ofPods),
    ...all(`${main}.securityContext`, ofContainers),
    {
      says: "what a pod of Windows has not is told in the order of upstream's fields",
      accepts: { "spec.os.name": "linux", "spec.hostPID": true, "spec.securityContext.runAsUser": 1 },
      refuses: refused(
        {
          "spec.os.name": "windows",
          "spec.hostPID": true,
          "spec.shareProcessNamespace": false,
          "spec.securityContext": { ...ofPods },
        },
        ...[
          "securityContext.appArmorProfile",
          "securityContext.seLinuxOptions",
          "hostPID",
          "securityContext.seccompProfile",
          "securityContext.fsGroup",
          "securityContext.fsGroupChangePolicy",
          "securityContext.sysctls",
          "shareProcessNamespace",
          "securityContext.runAsUser",
          "securityContext.runAsGroup",
          "securityContext.supplementalGroups",
          "securityContext.supplementalGroupsPolicy",
          "securityContext.seLinuxChangePolicy",
        ].map((field) => forbidden(`spec.${field}`, "cannot be set for a windows pod")),
      ),
    },
  ],
};
