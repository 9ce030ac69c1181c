import { forbidden, invalid, jsonText } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../../apimachinery/text/go-quote.ts";
import { isDNS1123Subdomain } from "../../../../../apimachinery/validation/dns.ts";
import type { PodSpec, WindowsSecurityContextOptions } from "../../../../generated/types/core-v1.ts";
import { containerPath, containersOf } from "../containers.ts";
import { type Check, checkMessages } from "./check.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const control = /[\x00-\x1f\x7f]/;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
const badUserCharacters = /["/\\:;|=,+*?<>@[\]]/;
const dotsAndSpaces = /^[. ]+$/;

/** pkg/apis/core/validation validateWindowsSecurityContextOptions, whose refusals show pointers. */
export function validateWindowsOptions(check: Check, options: WindowsSecurityContextOptions, place: Path): void {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  if (name !== undefined)
    checkMessages(check, place.child("gmsaCredentialSpecName"), jsonText(name), isDNS1123Subdomain(name));
  if (spec === "") {
    const detail = "gmsaCredentialSpec cannot be an empty string";
    check.errors.push(invalid(place.child("gmsaCredentialSpec"), jsonText(spec), detail));
  } else if (spec !== undefined && byteLength(spec) > 64 * 1024) {
    check.errors.push(
      invalid(place.child("gmsaCredentialSpec"), jsonText(spec), "gmsaCredentialSpec size must be under 64 KiB"),
    );
  }
  if (user !== undefined) checkMessages(check, place.child("runAsUserName"), jsonText(user), userNameProblems(user));
}

function userNameProblems(text: string): string[] {
  if (text === "") return ["runAsUserName cannot be an empty string"];
  if (control.test(text)) return ["runAsUserName cannot contain control characters"];
  const parts = text.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const domain = parts.length === 2 ? parts[0]! : undefined;
  const user = parts[parts.length - 1]!;
  const problems: string[] = [];
  if (domain !== undefined && byteLength(domain) >= 256) {
    problems.push("runAsUserName's Domain length must be under 256 characters");
  }
  if (domain !== undefined && !netBios.test(domain) && !dnsDomain.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === "") problems.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > 104) {
    problems.push("runAsUserName's User length must not be longer than 104 characters");
  }
  if (dotsAndSpaces.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (badUserCharacters.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return problems;
}

/** HostProcess: all containers or none, and only on the host's network (validateWindowsHostProcessPod). */
export function validateHostProcess(check: Check, spec: PodSpec, place: Path): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const placed = containersOf(spec);
  let hostProcesses = 0;
  for (const one of placed) {
    const own = one.container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const at = containerPath(place, one).child("securityContext", "windowsOptions", "hostProcess");
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      check.errors.push(invalid(at, own, detail));
    }
    if (own ?? ofPod) hostProcesses++;
  }
  if (hostProcesses === 0) return;
  if (hostProcesses !== placed.length) {
    const detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    check.errors.push(invalid(place, "", detail));
  }
  if (!spec.hostNetwork) {
    const detail = "hostNetwork must be true if pod contains any hostProcess containers";
    check.errors.push(invalid(place.child("hostNetwork"), false, detail));
  }
}

/** `spec.os` says linux: nothing of Windows. */
export function validateLinuxPod(check: Check, spec: PodSpec, place: Path): void {
  const detail = "windows options cannot be set for a linux pod";
  if (spec.securityContext?.windowsOptions !== undefined) {
    check.errors.push(forbidden(place.child("securityContext").child("windowsOptions"), detail));
  }
  for (const one of containersOf(spec)) {
    if (one.container.securityContext?.windowsOptions === undefined) continue;
    check.errors.push(forbidden(containerPath(place, one).child("securityContext", "windowsOptions"), detail));
  }
}

/** In the order of upstream's answer; the first two parts surround what is the pod's own. */
const linuxOnlyOfContext = [
  ["appArmorProfile", "seLinuxOptions"],
  ["seccompProfile", "fsGroup", "fsGroupChangePolicy"],
  ["runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"],
] as const;
const linuxOnlyOfContainer = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

/** `spec.os` says windows: nothing that only Linux has (validateWindows). */
export function validateWindowsPod(check: Check, spec: PodSpec, place: Path): void {
  const refuse = (at: Path) => check.errors.push(forbidden(at, "cannot be set for a windows pod"));
  const context = spec.securityContext;
  const refuseSet = (fields: readonly (typeof linuxOnlyOfContext)[number][number][]) => {
    for (const field of fields) if (context?.[field] !== undefined) refuse(place.child("securityContext", field));
  };
  const [first, second, last] = linuxOnlyOfContext;
  refuseSet(first);
  if (spec.hostUsers !== undefined) refuse(place.child("hostUsers"));
  if (spec.hostPID) refuse(place.child("hostPID"));
  if (spec.hostIPC) refuse(place.child("hostIPC"));
  refuseSet(second);
  if (context?.sysctls?.length) refuse(place.child("securityContext", "sysctls"));
  if (spec.shareProcessNamespace !== undefined) refuse(place.child("shareProcessNamespace"));
  refuseSet(last);
  for (const one of containersOf(spec)) {
    for (const field of linuxOnlyOfContainer) {
      if (one.container.securityContext?.[field] === undefined) continue;
      refuse(containerPath(place, one).child("securityContext", field));
    }
  }
}
