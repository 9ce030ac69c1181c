import { duplicate, forbidden, invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../../../apimachinery/field/path.ts";
import type { ObjectMeta } from "../../../../../apimachinery/resource/object.ts";
import { validateLabels } from "../../../../../apimachinery/validation/label-fields.ts";
import { rangeMessage } from "../../../../../apimachinery/validation/messages.ts";
import { nameIsDNSSubdomain, validateServiceAccountName } from "../../../../../apimachinery/validation/names.ts";
import type { PodResourceClaim, PodSpec } from "../../../../generated/types/core-v1.ts";
import { internalValue } from "../../../../internal-values.ts";
import { validateAffinity } from "./affinity.ts";
import { mirrorPodAnnotation } from "./annotations.ts";
import { type Check, checkChoice, checkLabel, checkMessages, checkQualifiedName, type PodCheck } from "./check.ts";
import { validateContainers, validateInitContainers } from "./containers.ts";
import { validateEphemeralContainers } from "./ephemeral.ts";
import { validateFileReferences } from "./file-references.ts";
import { validateDNSConfig, validateHostAliases, validateHostnameOverride } from "./names.ts";
import { validatePodResources } from "./pod-resources.ts";
import { validateHostNetworkPorts } from "./ports.ts";
import { validateContainerResources } from "./resources.ts";
import { validateSchedulingGates, validateTolerations, validateTopologySpread } from "./scheduling.ts";
import { validateHostUsers, validatePodSecurityContext } from "./security.ts";
import { validateVolumes } from "./volumes.ts";
import { validateHostProcess, validateLinuxPod, validateWindowsPod } from "./windows.ts";

const restartPolicies = ["Always", "OnFailure", "Never"];
const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const preemptionPolicies = ["PreemptLowerPriority", "Never"];
const none: readonly never[] = [];
const maxInt32 = 2 ** 31 - 1;

/**
 * Checks a pod's or template's spec, which defaulting has filled (pkg/apis/core/validation ValidatePodSpec). `podMeta` is
 * the pod's own metadata; undefined for a template.
 */
export function validatePodSpec(check: Check, spec: PodSpec, place: Path, podMeta: ObjectMeta | undefined): void {
  if (spec.terminationGracePeriodSeconds === undefined) {
    check.errors.push(required(place.child("terminationGracePeriodSeconds")));
  }
  const claims = spec.resourceClaims ?? none;
  const podCheck: PodCheck = {
    errors: check.errors,
    options: check.options,
    volumes: validateVolumes(check, spec.volumes, place.child("volumes"), podMeta),
    claimNames: new Set(claims.map(({ name }) => name).filter(Boolean)),
    gracePeriodSeconds: spec.terminationGracePeriodSeconds,
    osName: spec.os === undefined ? undefined : (spec.os.name ?? ""),
    restartPolicy: spec.restartPolicy ?? "",
    hostUsers: spec.hostUsers ?? true,
  };
  if (claims.length > 0) validateResourceClaims(check, claims, place.child("resourceClaims"), podMeta);
  validateContainers(podCheck, spec.containers ?? none, place.child("containers"));
  validateInitContainers(podCheck, spec, place.child("initContainers"));
  validateEphemeralContainers(podCheck, spec, place.child("ephemeralContainers"));
  validatePodResources(podCheck, spec, place);
  validateHostNetworkPorts(check, spec, place);
  checkChoice(check, place.child("restartPolicy"), spec.restartPolicy, restartPolicies);
  checkChoice(check, place.child("dnsPolicy"), spec.dnsPolicy, dnsPolicies);
  if (spec.nodeSelector !== undefined) {
    check.errors.push(...validateLabels(spec.nodeSelector, place.child("nodeSelector")));
  }
  validatePodSecurityContext(check, spec, place.child("securityContext"));
  if (spec.affinity !== undefined) validateAffinity(check, spec.affinity, place.child("affinity"));
  validateDNSConfig(check, spec, place.child("dnsConfig"));
  spec.readinessGates?.forEach(({ conditionType = "" }, i) => {
    checkQualifiedName(check, place.child("readinessGates").index(i).child("conditionType"), conditionType);
  });
  validateSchedulingGates(check, spec.schedulingGates ?? none, place.child("schedulingGates"));
  validateTopologySpread(check, spec.topologySpreadConstraints ?? none, place.child("topologySpreadConstraints"));
  validateHostProcess(check, spec, place);
  validateHostUsers(check, spec, place);
  validateHostnameOverride(check, spec, place);
  validateRest(check, spec, place);
  validateOS(check, spec, place);
  validateFileReferences(check, spec, place);
}

function validateRest(check: Check, spec: PodSpec, place: Path): void {
  const { serviceAccountName = "", nodeName = "", hostname = "", subdomain = "", priorityClassName = "" } = spec;
  if (serviceAccountName !== "") {
    const messages = validateServiceAccountName(serviceAccountName, false);
    checkMessages(check, place.child("serviceAccountName"), serviceAccountName, messages);
  }
  if (nodeName !== "") checkMessages(check, place.child("nodeName"), nodeName, nameIsDNSSubdomain(nodeName, false));
  const seconds = spec.activeDeadlineSeconds;
  if (seconds !== undefined && (seconds < 1 || seconds > maxInt32)) {
    check.errors.push(invalid(place.child("activeDeadlineSeconds"), seconds, rangeMessage(1, maxInt32)));
  }
  if (hostname !== "") checkLabel(check, place.child("hostname"), hostname);
  if (subdomain !== "") checkLabel(check, place.child("subdomain"), subdomain);
  validateTolerations(check, spec.tolerations ?? none, place.child("tolerations"));
  if (spec.hostAliases !== undefined) validateHostAliases(check, spec.hostAliases, place.child("hostAliases"));
  const classes = { priorityClassName: priorityClassName || undefined, runtimeClassName: spec.runtimeClassName };
  for (const [field, name] of Object.entries(classes)) {
    if (name !== undefined) checkMessages(check, place.child(field), name, nameIsDNSSubdomain(name, false));
  }
  const { preemptionPolicy, overhead } = spec;
  if (preemptionPolicy !== undefined) {
    checkChoice(check, place.child("preemptionPolicy"), preemptionPolicy, preemptionPolicies);
  }
  if (overhead !== undefined) validateContainerResources(check, { limits: overhead }, place.child("overhead"));
}

function validateOS(check: Check, spec: PodSpec, place: Path): void {
  if (spec.os === undefined) return;
  const at = place.child("os");
  switch (spec.os.name ?? "") {
    case "":
      check.errors.push(required(at.child("name")));
      break;
    case "linux":
      validateLinuxPod(check, spec, place);
      break;
    case "windows":
      validateWindowsPod(check, spec, place);
      break;
    default:
      check.errors.push(notSupported(at, spec.os.name, ["linux", "windows"]));
  }
}

function validateResourceClaims(
  check: Check,
  claims: readonly PodResourceClaim[],
  place: Path,
  podMeta: ObjectMeta | undefined,
): void {
  const names = new Set<string>();
  claims.forEach((claim, i) => {
    if (podMeta?.annotations?.[mirrorPodAnnotation] !== undefined) {
      check.errors.push(forbidden(path(""), "static pods do not support resource claims"));
      return;
    }
    const at = place.index(i);
    const { name = "", resourceClaimName: claimName, resourceClaimTemplateName: templateName } = claim;
    if (name === "") check.errors.push(required(at.child("name")));
    else if (names.has(name)) check.errors.push(duplicate(at.child("name"), name));
    else checkLabel(check, at.child("name"), name);
    names.add(name);
    if (claimName !== undefined && templateName !== undefined) {
      const detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
      check.errors.push(invalid(at, internalValue("PodResourceClaim", claim), detail));
    }
    if (claimName === undefined && templateName === undefined) {
      const detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
      check.errors.push(invalid(at, internalValue("PodResourceClaim", claim), detail));
    }
    for (const [field, value] of Object.entries({
      resourceClaimName: claimName,
      resourceClaimTemplateName: templateName,
    })) {
      if (value !== undefined) checkMessages(check, at.child(field), value, nameIsDNSSubdomain(value, false));
    }
  });
}
