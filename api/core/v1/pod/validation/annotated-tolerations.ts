import { invalid } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { goInt64, goList, goString, goStruct, goUnmarshal } from "../../../../../apimachinery/json/go-unmarshal.ts";
import type { Toleration } from "../../../../generated/types/core-v1.ts";
import type { Check } from "./check.ts";
import { validateTolerations } from "./scheduling.ts";

/** Tolerations as JSON, from the time before pods had a field for them. */
export const tolerationsAnnotation = "scheduler.alpha.kubernetes.io/tolerations";

/** Upstream's internal type. */
const tolerations = goList(
  "core.Toleration",
  goStruct("core.Toleration", {
    Key: goString(),
    Operator: goString("core.TolerationOperator"),
    Value: goString(),
    Effect: goString("core.TaintEffect"),
    TolerationSeconds: goInt64,
  }),
);

/** pkg/apis/core/validation ValidateTolerationsInPodAnnotations. */
export function validateAnnotatedTolerations(check: Check, text: string, place: Path): void {
  const read = goUnmarshal(text, tolerations);
  if ("problem" in read) {
    check.errors.push(invalid(place, tolerationsAnnotation, read.problem));
    return;
  }
  const list = ((read.value ?? []) as readonly object[]).map(
    (one) =>
      Object.fromEntries(
        Object.entries(one).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
      ) as unknown as Toleration,
  );
  validateTolerations(check, list, place.child(tolerationsAnnotation));
}
