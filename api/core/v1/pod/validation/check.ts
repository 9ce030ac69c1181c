import type { FieldError } from "../../../../../apimachinery/field/error.ts";
import { invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../../../apimachinery/validation/dns.ts";
import { isQualifiedName } from "../../../../../apimachinery/validation/labels.ts";
import type { Volume } from "../../../../generated/types/core-v1.ts";
import type { PodValidationOptions } from "./options.ts";

/** Where the checks of one object put what they find, and which rules are relaxed for it. */
export interface Check {
  readonly errors: FieldError[];
  readonly options: PodValidationOptions;
}

/** What the checks of a container know of the pod around it. */
export interface PodCheck extends Check {
  /** The pod's good volumes by name. */
  readonly volumes: ReadonlyMap<string, Volume>;
  /** Names of `spec.resourceClaims`. */
  readonly claimNames: ReadonlySet<string>;
  readonly gracePeriodSeconds: number | undefined;
  /** `spec.os.name`; undefined where there is no `spec.os`. */
  readonly osName: string | undefined;
  readonly restartPolicy: string;
  /** False where the pod has a user namespace of its own. */
  readonly hostUsers: boolean;
}

export const negativeMessage = "must be greater than or equal to 0";

/** One Invalid error for each message. */
export function checkMessages(
  check: Pick<Check, "errors">,
  place: Path,
  value: unknown,
  messages: readonly string[],
): void {
  for (const message of messages) check.errors.push(invalid(place, value, message));
}

export function checkLabel(check: Pick<Check, "errors">, place: Path, value: string): void {
  const messages = isDNS1123Label(value);
  if (messages.length > 0) checkMessages(check, place, value, messages);
}

export function checkSubdomain(check: Pick<Check, "errors">, place: Path, value: string): void {
  const messages = isDNS1123Subdomain(value);
  if (messages.length > 0) checkMessages(check, place, value, messages);
}

export function checkQualifiedName(check: Pick<Check, "errors">, place: Path, value: string): void {
  const messages = isQualifiedName(value);
  if (messages.length > 0) checkMessages(check, place, value, messages);
}

/** Absent counts as 0. */
export function checkNonNegative(check: Pick<Check, "errors">, place: Path, value: number | undefined): void {
  if (value !== undefined && value < 0) check.errors.push(invalid(place, value, negativeMessage));
}

export function checkRequired(check: Pick<Check, "errors">, place: Path, value: string | undefined): void {
  if (value === undefined || value === "") check.errors.push(required(place));
}

/** An absent value is required, another one must be in the list. */
export function checkChoice(
  check: Pick<Check, "errors">,
  place: Path,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value === undefined || value === "") check.errors.push(required(place));
  else if (!supported.includes(value)) check.errors.push(notSupported(place, value, supported));
}
