import { forbidden, internalError, invalid } from "../../../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../../../apimachinery/field/path.ts";
import { isIPv6, parseIP } from "../../../../../apimachinery/net/ip.ts";
import { isValidIPForLegacyField } from "../../../../../apimachinery/validation/addresses.ts";
import { nameIsDNSSubdomain } from "../../../../../apimachinery/validation/names.ts";
import type { Container, ContainerStatus, Pod, PodCondition, PodSpec } from "../../../../generated/types/core-v1.ts";
import { validatePodAnnotations, validatePodAnnotationUpdate } from "./annotations.ts";
import { type Check, checkMessages, checkQualifiedName } from "./check.ts";
import { validateClaimStatuses } from "./claim-statuses.ts";
import { validateContainerStatuses } from "./container-statuses.ts";

const statusPath = path("status");
const annotationsPath = path("metadata", "annotations");
const notNegative = "must be a non-negative integer";
const systemConditions = new Set(["PodScheduled", "Ready", "Initialized"]);

/** pkg/apis/core/validation ValidatePodStatusUpdate. */
export function validatePodStatusUpdate(check: Check, pod: Pod, old: Pod): void {
  const { annotations } = pod.metadata;
  validatePodAnnotationUpdate(check, annotations, old.metadata.annotations, annotationsPath);
  validatePodAnnotations(check, annotations, pod.spec ?? {}, annotationsPath);
  const status = pod.status ?? {};
  const oldStatus = old.status ?? {};
  validateConditions(check, status.conditions ?? [], statusPath.child("conditions"));
  validateNominatedNode(check, pod, old);
  if ((status.observedGeneration ?? 0) < 0) {
    check.errors.push(invalid(statusPath.child("observedGeneration"), status.observedGeneration, notNegative));
  }
  if ((status.qosClass ?? "") !== (oldStatus.qosClass ?? "")) {
    check.errors.push(invalid(statusPath.child("qosClass"), status.qosClass ?? "", "field is immutable"));
  }
  validateTransitions(check, pod, old);
  validateClaimStatuses(check, pod, statusPath);
  validateIPs(check, pod, old, "podIPs");
  validateIPs(check, pod, old, "hostIPs");
  validateContainerStatuses(check, pod, statusPath);
}

function validateConditions(check: Check, conditions: readonly PodCondition[], place: Path): void {
  conditions.forEach(({ type = "", observedGeneration = 0 }, i) => {
    if (observedGeneration < 0) {
      check.errors.push(invalid(place.index(i).child("observedGeneration"), observedGeneration, notNegative));
    }
    if (!systemConditions.has(type)) checkQualifiedName(check, place.index(i).child("Type"), type);
  });
}

function validateNominatedNode(check: Check, pod: Pod, old: Pod): void {
  const at = statusPath.child("nominatedNodeName");
  if ((pod.spec?.nodeName ?? "") !== (old.spec?.nodeName ?? "")) {
    check.errors.push(forbidden(statusPath.child("nodeName"), "may not be changed directly"));
  }
  const name = pod.status?.nominatedNodeName ?? "";
  if (name === "" || name === (old.status?.nominatedNodeName ?? "")) return;
  checkMessages(check, at, name, nameIsDNSSubdomain(name, false));
  if (old.spec?.nodeName) {
    check.errors.push(forbidden(at, "may not be set on pods that are already bound to a node"));
  }
}

/** True where every container of the pod may be restarted because one of them exits (KEP-5532). */
function mayRestartAll(spec: PodSpec): boolean {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some((container) =>
    container.restartPolicyRules?.some(({ action }) => action === "RestartAllContainers"),
  );
}

/** Whether a container that ended with this code is run again (pkg/api/v1/pod ContainerShouldRestart). */
function shouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  const matches = ({ exitCodes }: (typeof rules)[number]) =>
    exitCodes !== undefined && (exitCodes.values?.includes(exitCode) ?? false) === (exitCodes.operator === "In");
  // Rules only say when to restart; without a match, or without a policy of its own, the policies decide.
  if (restartPolicy !== undefined && rules.some(matches)) return true;
  const policy = restartPolicy ?? spec.restartPolicy;
  return policy === "OnFailure" ? exitCode !== 0 : policy !== "Never";
}

/** What ended for good stays ended (ValidateContainerStateTransition and its like). */
function validateTransitions(check: Check, pod: Pod, old: Pod): void {
  const spec = old.spec ?? { containers: [] };
  const refuse = (at: Path) =>
    check.errors.push(forbidden(at.child("state"), "may not be transitioned to non-terminated state"));
  const compare = (
    list: "containerStatuses" | "initContainerStatuses" | "ephemeralContainerStatuses",
    again: (name: string, exitCode: number) => boolean,
  ) => {
    old.status?.[list]?.forEach((before: ContainerStatus, i: number) => {
      const ended = before.state?.terminated;
      if (ended === undefined) return;
      const lives = ({ name, state }: ContainerStatus) => name === before.name && state?.terminated === undefined;
      if (!pod.status?.[list]?.some(lives)) return;
      if (!again(before.name, ended.exitCode ?? 0)) refuse(statusPath.child(list).index(i));
    });
  };
  const restarts = (containers: readonly Container[] | undefined) => (name: string, exitCode: number) => {
    const container = containers?.find((one) => one.name === name);
    return container !== undefined && shouldRestart(container, spec, exitCode);
  };
  if (!mayRestartAll(spec)) {
    compare("containerStatuses", restarts(spec.containers));
    compare("initContainerStatuses", restarts(spec.initContainers));
  }
  compare("ephemeralContainerStatuses", () => false);
}

/** At most one address of each family (validatePodIPs, validateHostIPs). */
function validateIPs(check: Check, pod: Pod, old: Pod, field: "podIPs" | "hostIPs"): void {
  const entries = pod.status?.[field] ?? [];
  if (entries.length === 0) return;
  const place = statusPath.child(field);
  const addresses = entries.map(({ ip = "" }) => ip);
  const hostIP = pod.status?.hostIP ?? "";
  if (field === "hostIPs" && hostIP !== addresses[0]) {
    check.errors.push(invalid(place.index(0).child("ip"), addresses[0], "must be equal to `hostIP`"));
  }
  const validOld = (old.status?.[field] ?? []).map(({ ip = "" }) => ip);
  addresses.forEach((address, i) => {
    check.errors.push(...isValidIPForLegacyField(place.index(i), address, { strict: true, validOld }));
  });
  if (addresses.length < 2) return;
  const parsed = addresses.map(parseIP);
  const bad = parsed.indexOf(undefined);
  if (bad >= 0) {
    const problem = `failed to check for dual stack with error:invalid IP[${bad}]: ${addresses[bad]}`;
    check.errors.push(internalError(place, problem));
  }
  const families = new Set(parsed.map((ip) => ip !== undefined && isIPv6(ip)));
  if (bad >= 0 || families.size < 2 || addresses.length > 2) {
    const shown = addresses.map((address) => ({ IP: address }));
    check.errors.push(invalid(place, shown, "may specify no more than one IP for each IP family"));
  }
}
