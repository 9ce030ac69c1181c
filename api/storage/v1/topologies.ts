import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { validateLabelName } from "../../../apimachinery/validation/label-fields.ts";
import type { TopologySelectorLabelRequirement, TopologySelectorTerm } from "../../generated/types/core-v1.ts";

/** Where volumes may be made (pkg/apis/storage/validation validateAllowedTopologies). */
export function addTopologyErrors(
  errors: FieldError[],
  topologies: readonly TopologySelectorTerm[],
  place: Path,
): void {
  // Upstream compares each term with as many empty ones, too.
  const seen = topologies.map(() => "");
  topologies.forEach((term, i) => {
    const at = place.index(i).child("matchLabelExpressions");
    const values = termErrors(errors, term, at);
    const text = [...values]
      .map((one) => JSON.stringify(one))
      .sort()
      .join();
    for (const other of seen) if (other === text) errors.push(duplicate(at, ""));
    seen.push(text);
  });
}

/** ValidateTopologySelectorTerm; the answer is the values by their keys. */
function termErrors(
  errors: FieldError[],
  { matchLabelExpressions = [] }: TopologySelectorTerm,
  place: Path,
): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  matchLabelExpressions.forEach((requirement, i) => {
    const { key = "" } = requirement;
    requirementErrors(errors, requirement, place.index(i));
    if (values.has(key)) errors.push(duplicate(place.index(i).child("key"), key));
    values.set(key, [...new Set(requirement.values)].sort());
  });
  return values;
}

function requirementErrors(
  errors: FieldError[],
  { key = "", values = [] }: TopologySelectorLabelRequirement,
  place: Path,
): void {
  const at = place.child("values");
  if (values.length === 0) errors.push(required(at));
  values.forEach((value, i) => {
    if (values.indexOf(value) < i) errors.push(duplicate(at.index(i), value));
  });
  errors.push(...validateLabelName(key, place.child("key")));
}
