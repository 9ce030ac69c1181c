import { invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../../apimachinery/text/go-quote.ts";
import { rangeMessage } from "../../../../../apimachinery/validation/messages.ts";
import type { ISCSIVolumeSource, Volume } from "../../../../generated/types/core-v1.ts";
import { type Check, checkRequired } from "./check.ts";

export const iscsiNameFormats: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};

/** What is wrong with the name of an initiator or target; undefined when nothing is. */
function nameProblem(name: string): string | undefined {
  const format = iscsiNameFormats[name.slice(0, 3)];
  if (format === undefined) return "must be valid format starting with iqn, eui, or naa";
  return format.test(name) ? undefined : "must be valid format";
}

/** pkg/apis/core/validation validateISCSIVolumeSource. */
export function validateISCSI(check: Check, volume: Volume, place: Path): void {
  const source = volume.iscsi as ISCSIVolumeSource;
  const { iqn = "", lun = 0, initiatorName } = source;
  checkRequired(check, place.child("targetPortal"), source.targetPortal);
  const problem = iqn === "" ? undefined : nameProblem(iqn);
  if (iqn === "") check.errors.push(required(place.child("iqn")));
  else if (problem !== undefined) check.errors.push(invalid(place.child("iqn"), iqn, problem));
  if (lun < 0 || lun > 255) check.errors.push(invalid(place.child("lun"), lun, rangeMessage(0, 255)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined) {
    check.errors.push(required(place.child("secretRef")));
  }
  const initiatorProblem = initiatorName === undefined ? undefined : nameProblem(initiatorName);
  if (initiatorProblem !== undefined) {
    check.errors.push(invalid(place.child("initiatorname"), initiatorName, initiatorProblem));
  }
}

/** Volume and portal make up the name of the interface an initiator speaks through. */
export function validateInitiator(check: Check, { name = "", iscsi }: Volume, place: Path): void {
  if (iscsi?.initiatorName === undefined || byteLength(`${name}:${iscsi.targetPortal ?? ""}`) <= 64) return;
  const detail =
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
  check.errors.push(invalid(place.child("name"), name, detail));
}
