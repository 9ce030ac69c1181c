import { path } from "../../../../apimachinery/field/path.ts";
import { warningsForCIDR } from "../../../../apimachinery/validation/addresses.ts";
import type { Node } from "../../../generated/types/core-v1.ts";

/** pkg/registry/core/node nodeWarnings. */
export function* nodeWarnings({ spec }: Node): Iterable<string> {
  if (spec?.configSource !== undefined) yield "spec.configSource: the feature is removed";
  if (spec?.externalID) yield "spec.externalID: this field is deprecated, and is unused by Kubernetes";
  for (const [i, range] of (spec?.podCIDRs ?? []).entries()) {
    yield* warningsForCIDR(path("spec", "podCIDRs").index(i), range);
  }
}
