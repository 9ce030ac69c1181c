import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { isDNS1035Label } from "../../../../apimachinery/validation/dns.ts";
import type { CustomResourceDefinitionNames } from "../../../generated/types/apiextensions-v1.ts";

type Names = Partial<CustomResourceDefinitionNames>;

/** Names that must be there. */
export function* requiredNames(names: Names, place: Path): Generator<FieldError> {
  for (const name of ["plural", "singular", "kind", "listKind"] as const) {
    if (!names[name]) yield required(place.child(name));
  }
}

/** Names that are there must be labels; kinds may have capitals. */
export function* nameErrors(names: Names, place: Path): Generator<FieldError> {
  for (const name of ["plural", "singular"] as const) yield* labelErrors(names[name] ?? "", place.child(name));
  for (const name of ["kind", "listKind"] as const) {
    const kind = names[name] ?? "";
    const problems = kind === "" ? [] : isDNS1035Label(kind.toLowerCase());
    if (problems.length > 0) {
      const detail = `may have mixed case, but should otherwise match: ${problems.join(",")}`;
      yield invalid(place.child(name), kind, detail);
    }
  }
  for (const [i, name] of (names.shortNames ?? []).entries()) {
    yield* labelErrors(name, place.child("shortNames").index(i), true);
  }
  if (names.kind && names.kind === names.listKind) {
    yield invalid(place.child("listKind"), names.listKind, "kind and listKind may not be the same");
  }
  for (const [i, name] of (names.categories ?? []).entries()) {
    yield* labelErrors(name, place.child("categories").index(i), true);
  }
}

function* labelErrors(name: string, place: Path, evenEmpty = false): Generator<FieldError> {
  const problems = name === "" && !evenEmpty ? [] : isDNS1035Label(name);
  if (problems.length > 0) yield invalid(place, name, problems.join(","));
}
