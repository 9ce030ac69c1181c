import type { MatchCondition } from "../../../api/generated/types/admissionregistration-v1.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import type { GroupVersionResource } from "./target.ts";
import type { VersionedObjects } from "./versioned.ts";

/** What the conditions say of a write: `matches`, or not; or that they cannot be told, in upstream's words. */
export type MatchResult = ({ readonly matches: boolean } | { readonly error: string }) & {
  /** How many could not be told, before the first that is false. Absent: none. */
  readonly failed?: number;
};

export interface MatchInput {
  readonly attributes: AdmissionAttributes;
  readonly resource: GroupVersionResource;
  readonly objects: VersionedObjects;
}

/** Compiled conditions of a webhook (admission/plugin/webhook/matchconditions). */
export type MatchConditions = (input: MatchInput) => MatchResult | Promise<MatchResult>;

/** How conditions are compiled. Never throws: what does not compile is an error of each evaluation. */
export type CompileConditions = (
  conditions: readonly MatchCondition[],
  failurePolicy: string,
  names: { readonly kind: "webhook"; readonly type: string; readonly name: string },
) => MatchConditions;
