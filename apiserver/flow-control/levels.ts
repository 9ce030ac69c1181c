import { mandatoryFlowSchemas, mandatoryPriorityLevels } from "../../api/flowcontrol/v1/bootstrap.ts";
import type { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import type { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts";
import type * as types from "../../api/generated/types/flowcontrol-v1.ts";
import type { LevelLimits } from "./metrics.ts";

// What the objects of priority and fairness ask for, worked out as limits (flowcontrol/apf_controller.go). Pure.

export type LevelObject = Pick<PriorityLevelConfiguration, "metadata" | "spec">;
export type SchemaObject = Pick<FlowSchema, "metadata" | "spec">;

/** One request may take no more than this part of its level. */
const maxSeatsPart = 0.15;

export interface Shares {
  readonly nominal: number;
  readonly lendablePercent: number;
  /** Undefined: without limit. */
  readonly borrowingPercent: number | undefined;
}

export function sharesOf({ limited, exempt }: types.PriorityLevelConfigurationSpec): Shares {
  if (limited !== undefined) {
    const { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent } = limited;
    return { nominal: nominalConcurrencyShares, lendablePercent, borrowingPercent: borrowingLimitPercent };
  }
  const { nominalConcurrencyShares = 0, lendablePercent = 0 } = exempt ?? {};
  return { nominal: nominalConcurrencyShares, lendablePercent, borrowingPercent: undefined };
}

/** Objects that contradict themselves are left out, however they came to be stored. */
export function isSound({ metadata: { name }, spec }: LevelObject): boolean {
  const { type, limited, exempt } = spec;
  if ((type === "Limited") !== (limited !== undefined)) return false;
  if ((type === "Exempt") !== (name === "exempt")) return false;
  if (type === "Exempt" && exempt === undefined) return false;
  return (
    limited === undefined || (limited.limitResponse.type === "Reject") === (limited.limitResponse.queuing === undefined)
  );
}

/** The server's seats, in proportion to the shares. */
export function limitsOf(shares: Shares, shareSum: number, serverLimit: number): LevelLimits {
  const nominal = shareSum === 0 ? 0 : Math.ceil((serverLimit * shares.nominal) / shareSum);
  const lendable = Math.round((nominal * shares.lendablePercent) / 100);
  const { borrowingPercent } = shares;
  const borrowing = borrowingPercent === undefined ? serverLimit : Math.round((nominal * borrowingPercent) / 100);
  return { nominal, lower: nominal - lendable, upper: nominal + borrowing };
}

/** The most seats one request of the level may take; 0: no limit of the level's own. */
export function maxSeatsPerRequest({ limited }: types.PriorityLevelConfigurationSpec, nominal: number): number {
  const queuing = limited?.limitResponse.queuing;
  if (queuing === undefined) return 0;
  return Math.max(1, Math.min(Math.ceil(nominal * maxSeatsPart), Math.floor(nominal / queuing.handSize)));
}

/** With the mandatory objects where they are missing: there is always a schema that matches and a level that it names. */
export function withMandatory(
  levels: readonly LevelObject[],
  schemas: readonly SchemaObject[],
): { readonly levels: readonly LevelObject[]; readonly schemas: readonly SchemaObject[] } {
  const sound = levels.filter(isSound);
  const missing = mandatoryPriorityLevels.filter(
    ({ metadata }) => !sound.some((level) => level.metadata.name === metadata.name),
  );
  const all = [...sound, ...missing];
  const names = new Set(all.map(({ metadata }) => metadata.name));
  const usable = schemas.filter(({ spec }) => names.has(spec.priorityLevelConfiguration.name));
  const [exempt, catchAll] = mandatoryFlowSchemas;
  const has = (name: string): boolean => usable.some(({ metadata }) => metadata.name === name);
  return {
    levels: all,
    schemas: [...(has("exempt") ? [] : [exempt!]), ...usable, ...(has("catch-all") ? [] : [catchAll!])],
  };
}
