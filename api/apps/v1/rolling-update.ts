import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { isValidPercent } from "../../../apimachinery/validation/formats.ts";
import { type Check, checkMessages, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import type {
  DaemonSetUpdateStrategy,
  DeploymentStrategy,
  RollingUpdateDaemonSet,
  RollingUpdateDeployment,
  StatefulSetSpec,
} from "../../generated/types/apps-v1.ts";

import { internalValue } from "../../internal-values.ts";

// How many pods change at once: pkg/apis/apps/validation.

type IntOrString = number | string | undefined;

function validateAmount(check: Check, amount: IntOrString, place: Path): void {
  if (typeof amount === "string") checkMessages(check, place, amount, isValidPercent(amount));
  else checkNonNegative(check, place, amount);
}

function percent(amount: IntOrString): number | undefined {
  return typeof amount === "string" && isValidPercent(amount).length === 0 ? Number.parseInt(amount, 10) : undefined;
}

/** The number alone, of a count or a percentage; 0 of a text that is neither. */
function magnitude(amount: IntOrString): number {
  if (typeof amount === "number") return amount;
  return percent(amount) ?? (/^[+-]?[0-9]+$/.test(amount ?? "") ? Number(amount) : 0);
}

function validateAtMostAll(check: Check, amount: IntOrString, place: Path): void {
  if ((percent(amount) ?? 0) > 100) check.errors.push(invalid(place, amount, "must not be greater than 100%"));
}

export function validateDeploymentStrategy(check: Check, strategy: Partial<DeploymentStrategy>, place: Path): void {
  const { type = "", rollingUpdate } = strategy;
  const at = place.child("rollingUpdate");
  if (type === "Recreate") {
    if (rollingUpdate === undefined) return;
    check.errors.push(forbidden(at, "may not be specified when strategy `type` is 'Recreate'"));
  } else if (type === "RollingUpdate") {
    if (rollingUpdate === undefined) check.errors.push(required(at, "this should be defaulted and never be nil"));
    else validateRollingDeployment(check, rollingUpdate, at);
  } else
    check.errors.push(
      notSupported(place, internalValue("DeploymentStrategy", strategy), ["Recreate", "RollingUpdate"]),
    );
}

function validateRollingDeployment(check: Check, update: RollingUpdateDeployment, place: Path): void {
  const { maxUnavailable, maxSurge } = update;
  const at = place.child("maxUnavailable");
  validateAmount(check, maxUnavailable, at);
  validateAmount(check, maxSurge, place.child("maxSurge"));
  if (magnitude(maxUnavailable) === 0 && magnitude(maxSurge) === 0) {
    check.errors.push(invalid(at, maxUnavailable ?? 0, "may not be 0 when `maxSurge` is 0"));
  }
  validateAtMostAll(check, maxUnavailable, at);
}

export function validateDaemonSetStrategy(check: Check, strategy: Partial<DaemonSetUpdateStrategy>, place: Path): void {
  const { type = "", rollingUpdate } = strategy;
  if (type === "OnDelete") return;
  if (type !== "RollingUpdate") {
    check.errors.push(
      notSupported(place, internalValue("DaemonSetUpdateStrategy", strategy), ["RollingUpdate", "OnDelete"]),
    );
  } else if (rollingUpdate === undefined) check.errors.push(required(place.child("rollingUpdate")));
  else validateRollingDaemonSet(check, rollingUpdate, place.child("rollingUpdate"));
}

/** A node's pod either goes before its successor comes or after, not both. */
function validateRollingDaemonSet(check: Check, update: RollingUpdateDaemonSet, place: Path): void {
  const { maxUnavailable, maxSurge } = update;
  const unavailablePlace = place.child("maxUnavailable");
  const surgePlace = place.child("maxSurge");
  validateAmount(check, maxUnavailable, unavailablePlace);
  validateAmount(check, maxSurge, surgePlace);
  validateAtMostAll(check, maxUnavailable, unavailablePlace);
  validateAtMostAll(check, maxSurge, surgePlace);
  const unavailable = magnitude(maxUnavailable) !== 0;
  const surge = magnitude(maxSurge) !== 0;
  if (unavailable && surge) {
    check.errors.push(invalid(surgePlace, maxSurge, "may not be set when maxUnavailable is non-zero"));
  } else if (!unavailable && !surge) {
    check.errors.push(required(unavailablePlace, "cannot be 0 when maxSurge is 0"));
  }
}

export function validateStatefulSetStrategy(
  check: Check,
  strategy: Partial<NonNullable<StatefulSetSpec["updateStrategy"]>>,
  place: Path,
): void {
  const { type = "", rollingUpdate } = strategy;
  if (type === "") check.errors.push(required(place));
  else if (type === "OnDelete") {
    if (rollingUpdate === undefined) return;
    const detail = "only allowed for updateStrategy 'RollingUpdate'";
    check.errors.push(
      invalid(place.child("rollingUpdate"), internalValue("RollingUpdateStatefulSetStrategy", rollingUpdate), detail),
    );
  } else if (type !== "RollingUpdate") {
    check.errors.push(
      invalid(place, internalValue("StatefulSetUpdateStrategy", strategy), "must be 'RollingUpdate' or 'OnDelete'"),
    );
  } else if (rollingUpdate !== undefined) {
    const { partition, maxUnavailable } = rollingUpdate;
    checkNonNegative(check, place.child("rollingUpdate", "partition"), partition);
    if (maxUnavailable === undefined) return;
    const at = place.child("rollingUpdate", "maxUnavailable");
    validateAmount(check, maxUnavailable, at);
    if (magnitude(maxUnavailable) === 0) check.errors.push(invalid(at, maxUnavailable, "cannot be 0"));
    validateAtMostAll(check, maxUnavailable, at);
  }
}
