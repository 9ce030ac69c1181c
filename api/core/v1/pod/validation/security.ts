import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../../apimachinery/text/go-quote.ts";
import { isValidGroupID, isValidUserID } from "../../../../../apimachinery/validation/formats.ts";
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from "../../../../generated/types/core-v1.ts";
import { internalValue } from "../../../../internal-values.ts";
import { type Check, checkMessages, type PodCheck } from "./check.ts";
import { validateDescendingPath } from "./paths.ts";
import { validateWindowsOptions } from "./windows.ts";

const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];

/** User and group of a container or pod. */
function validateIDs(check: Check, context: PodSecurityContext | SecurityContext, place: Path): void {
  const { runAsUser, runAsGroup } = context;
  if (runAsUser !== undefined) checkMessages(check, place.child("runAsUser"), runAsUser, isValidUserID(runAsUser));
  if (runAsGroup !== undefined) checkMessages(check, place.child("runAsGroup"), runAsGroup, isValidGroupID(runAsGroup));
}

/** pkg/apis/core/validation ValidateSecurityContext, of a container. */
export function validateSecurityContext(check: PodCheck, context: SecurityContext, place: Path): void {
  validateIDs(check, context, place);
  const { procMount } = context;
  if (procMount !== undefined) {
    if (procMount !== "Default" && procMount !== "Unmasked") {
      check.errors.push(notSupported(place.child("procMount"), procMount, ["Default", "Unmasked"]));
    }
    if (check.hostUsers && procMount === "Unmasked") {
      check.errors.push(invalid(place.child("procMount"), procMount, "`hostUsers` must be false to use `Unmasked`"));
    }
  }
  if (context.seccompProfile !== undefined) {
    validateSeccompProfile(check, context.seccompProfile, place.child("seccompProfile"));
  }
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) {
      const detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
      check.errors.push(invalid(place, internalValue("SecurityContext", context), detail));
    }
    for (const capability of context.capabilities?.add ?? []) {
      if (capability !== "CAP_SYS_ADMIN") continue;
      const detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
      check.errors.push(invalid(place, internalValue("SecurityContext", context), detail));
    }
  }
  if (context.windowsOptions !== undefined) {
    validateWindowsOptions(check, context.windowsOptions, place.child("windowsOptions"));
  }
  if (context.appArmorProfile !== undefined) {
    validateAppArmorProfile(check, context.appArmorProfile, place.child("appArmorProfile"));
  }
}

function validateSeccompProfile(check: Check, profile: SeccompProfile, place: Path): void {
  const { type = "", localhostProfile } = profile;
  if (type === "") check.errors.push(required(place.child("type"), "type is required when seccompProfile is set"));
  else if (!profileTypes.includes(type)) check.errors.push(notSupported(place.child("type"), type, profileTypes));
  const at = place.child("localhostProfile");
  if (type !== "Localhost") {
    if (localhostProfile !== undefined) {
      check.errors.push(
        invalid(at, internalValue("SeccompProfile", profile), "can only be set when seccomp type is Localhost"),
      );
    }
  } else if (localhostProfile === undefined) {
    check.errors.push(required(at, "must be set when seccomp type is Localhost"));
  } else validateDescendingPath(check, localhostProfile, at);
}

function validateAppArmorProfile(check: Check, profile: AppArmorProfile, place: Path): void {
  const { type = "", localhostProfile } = profile;
  const at = place.child("localhostProfile");
  if (type === "") check.errors.push(required(place.child("type"), "type is required when appArmorProfile is set"));
  else if (!profileTypes.includes(type)) check.errors.push(notSupported(place.child("type"), type, profileTypes));
  else if (type !== "Localhost") {
    if (localhostProfile === undefined) return;
    check.errors.push(invalid(at, localhostProfile, "can only be set when AppArmor type is Localhost"));
  } else if (localhostProfile === undefined || localhostProfile === "") {
    check.errors.push(required(at, "must be set when AppArmor type is Localhost"));
  } else {
    if (localhostProfile.trim() !== localhostProfile) {
      check.errors.push(invalid(at, localhostProfile, "must not be padded with whitespace"));
    }
    if (byteLength(localhostProfile) > 4095) check.errors.push(tooLong(at, 4095));
  }
}

const fsGroupChangePolicies = ["Always", "OnRootMismatch"];
const supplementalGroupsPolicies = ["Merge", "Strict"];

/** pkg/apis/core/validation validatePodSpecSecurityContext. */
export function validatePodSecurityContext(check: Check, spec: PodSpec, place: Path): void {
  const context = spec.securityContext;
  if (context === undefined) return;
  const { fsGroup, fsGroupChangePolicy, supplementalGroupsPolicy } = context;
  if (fsGroup !== undefined) checkMessages(check, place.child("fsGroup"), fsGroup, isValidGroupID(fsGroup));
  validateIDs(check, context, place);
  context.supplementalGroups?.forEach((group, i) => {
    checkMessages(check, place.child("supplementalGroups").index(i), group, isValidGroupID(group));
  });
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    check.errors.push(invalid(place.child("shareProcessNamespace"), true, detail));
  }
  if (context.sysctls?.length) validateSysctls(check, spec, place.child("sysctls"));
  if (fsGroupChangePolicy !== undefined && !fsGroupChangePolicies.includes(fsGroupChangePolicy)) {
    check.errors.push(notSupported(place.child("fsGroupChangePolicy"), fsGroupChangePolicy, fsGroupChangePolicies));
  }
  if (context.seccompProfile !== undefined) {
    validateSeccompProfile(check, context.seccompProfile, place.child("seccompProfile"));
  }
  if (context.windowsOptions !== undefined) {
    validateWindowsOptions(check, context.windowsOptions, place.child("windowsOptions"));
  }
  if (context.appArmorProfile !== undefined) {
    validateAppArmorProfile(check, context.appArmorProfile, place.child("appArmorProfile"));
  }
  if (supplementalGroupsPolicy !== undefined && !supplementalGroupsPolicies.includes(supplementalGroupsPolicy)) {
    const at = place.child("supplementalGroupsPolicy");
    check.errors.push(notSupported(at, supplementalGroupsPolicy, supplementalGroupsPolicies));
  }
  validateSELinuxChangePolicy(check, context.seLinuxChangePolicy, place.child("seLinuxChangePolicy"));
}

/** Without SELinuxMount only Recursive may be chosen, unless another was chosen before. */
function validateSELinuxChangePolicy(check: Check, policy: string | undefined, place: Path): void {
  if (policy === undefined) return;
  const supported = check.options.allowOnlyRecursiveSELinuxChangePolicy ? ["Recursive"] : ["MountOption", "Recursive"];
  if (!supported.includes(policy)) check.errors.push(notSupported(place, policy, supported));
}

const sysctlSegment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const sysctlFormat = `^(${sysctlSegment}[\\./])*${sysctlSegment}$`;
const sysctlPattern = new RegExp(sysctlFormat);

function validateSysctls(check: Check, spec: PodSpec, place: Path): void {
  const names = new Set<string>();
  spec.securityContext?.sysctls?.forEach(({ name = "" }, i) => {
    const at = place.index(i).child("name");
    if (name === "") check.errors.push(required(at));
    else if (name.length > 253 || !sysctlPattern.test(name)) {
      check.errors.push(invalid(at, name, `must have at most 253 characters and match regex ${sysctlFormat}`));
    } else if (names.has(name)) check.errors.push(duplicate(at, name));
    const namespace = sysctlNamespace(name);
    if (spec.hostNetwork && namespace === "net") {
      check.errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC && namespace === "ipc") {
      check.errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
    names.add(name);
  });
}

const ipcSysctls = new Set(
  "sem shm shmall shmmax shmmni shm_rmid_forced msg msgmax msgmnb msgmni".split(" ").map((name) => `kernel.${name}`),
);

/** The kernel namespace that a sysctl belongs to (component-helpers/node/util/sysctl/namespace.go). */
function sysctlNamespace(name: string): "ipc" | "net" | undefined {
  const dotted = dotName(name);
  if (ipcSysctls.has(dotted) || dotted.startsWith("fs.mqueue.")) return "ipc";
  return dotted.startsWith("net.") ? "net" : undefined;
}

/** `net/ipv4/conf/eth0.1/x` → `net.ipv4.conf.eth0/1.x`: the first separator tells which one separates. */
function dotName(name: string): string {
  if (!/^[^./]*\//.test(name)) return name;
  return name.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}

/** A pod in a user namespace shares none of the host's others (validateHostUsers). */
export function validateHostUsers(check: Check, spec: PodSpec, place: Path): void {
  if (spec.hostUsers !== false) return;
  const detail = "when `hostUsers` is false";
  if (spec.hostNetwork && !check.options.allowUserNamespacesHostNetwork) {
    check.errors.push(forbidden(place.child("hostNetwork"), detail));
  }
  if (spec.hostPID) check.errors.push(forbidden(place.child("HostPID"), detail));
  if (spec.hostIPC) check.errors.push(forbidden(place.child("HostIPC"), detail));
  if (check.options.allowUserNamespacesWithVolumeDevices) return;
  for (const list of ["initContainers", "containers", "ephemeralContainers"] as const) {
    spec[list]?.forEach((container, i) => {
      if (container.volumeDevices?.length) {
        check.errors.push(forbidden(place.child(list).index(i).child("volumeDevices"), detail));
      }
    });
  }
}
