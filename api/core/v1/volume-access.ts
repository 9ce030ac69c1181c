import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { Quantity, QuantityError } from "../../../apimachinery/quantity/quantity.ts";

// What volumes and claims share: pkg/apis/core/validation, pkg/apis/core/helper GetAccessModesAsString.

export const volumeModes = ["Block", "Filesystem"];
export const betaStorageClassAnnotation = "volume.beta.kubernetes.io/storage-class";

const modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const shortNames = { ReadWriteOnce: "RWO", ReadOnlyMany: "ROX", ReadWriteMany: "RWX", ReadWriteOncePod: "RWOP" };

export function addAccessModeErrors(errors: FieldError[], wanted: readonly string[], place: Path): void {
  for (const mode of wanted) if (!modes.includes(mode)) errors.push(notSupported(place, mode, modes));
  const known = wanted.filter((mode) => modes.includes(mode));
  if (known.includes("ReadWriteOncePod") && known.some((mode) => mode !== "ReadWriteOncePod")) {
    errors.push(forbidden(place, "may not use ReadWriteOncePod with other access modes"));
  }
}

/** `RWO,ROX`: always in this order. */
export function accessModesText(wanted: readonly string[] = []): string {
  return Object.entries(shortNames)
    .filter(([mode]) => wanted.includes(mode))
    .map(([, short]) => short)
    .join(",");
}

/** The amount, or undefined where there is none that can be read. */
export function amountOf(text: string | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  try {
    return Quantity.parse(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

export function addPositiveErrors(errors: FieldError[], text: string, place: Path): void {
  if ((amountOf(text)?.sign() ?? 0) <= 0) errors.push(invalid(place, text, "must be greater than zero"));
}

/** Shows the amount rounded to a whole one, away from zero (validateBasicResource). */
export function addNegativeErrors(errors: FieldError[], text: string, place: Path): void {
  const amount = amountOf(text);
  if (amount === undefined || amount.sign() >= 0) return;
  errors.push(invalid(place, amount.value(), "must be a valid resource quantity"));
}
