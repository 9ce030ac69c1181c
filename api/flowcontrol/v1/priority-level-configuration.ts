import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { equalJson } from "../../../apimachinery/json/equal.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/flowcontrol-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { mandatoryPriorityLevels } from "./bootstrap.ts";
import { addConditionErrors } from "./flow-schema.ts";

export type PriorityLevelConfiguration = types.PriorityLevelConfiguration;

const maxQueues = 10_000_000;
/** Of the hash that chooses a flow's hand of queues (apiserver/pkg/util/shufflesharding). */
const maxHashBits = 60;
const specPath = path("spec");
const preserveZeroAnnotation = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

const queuingCell = (name: string, read: (queuing: types.QueuingConfiguration) => number) => ({
  name,
  type: "string" as const,
  cell: ({ spec }: PriorityLevelConfiguration) => {
    const queuing = spec.limited?.limitResponse.queuing;
    return queuing === undefined ? "<none>" : read(queuing);
  },
});

/** How much of the server one class of requests may use (ValidatePriorityLevelConfiguration, printPriorityLevelConfiguration). */
export const PriorityLevelConfiguration = defineBuiltIn<PriorityLevelConfiguration>(
  "flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
  {
    generation: true,
    keeps: { status: [["metadata"]] },
    columns: [
      nameColumn,
      textColumn("Type", ({ spec }) => spec.type),
      {
        name: "NominalConcurrencyShares",
        type: "string",
        cell: ({ spec }) => spec.limited?.nominalConcurrencyShares ?? "<none>",
      },
      queuingCell("Queues", ({ queues }) => queues),
      queuingCell("HandSize", ({ handSize }) => handSize),
      queuingCell("QueueLengthLimit", ({ queueLengthLimit }) => queueLengthLimit),
      ageColumn,
    ],
    // Zero counts as nothing said (SetDefaults_QueuingConfiguration).
    setDefaults: changing(({ spec }) => {
      const queuing = spec.limited?.limitResponse?.queuing;
      if (queuing === undefined) return;
      if (queuing.handSize === 0) queuing.handSize = 8;
      if (queuing.queues === 0) queuing.queues = 64;
      if (queuing.queueLengthLimit === 0) queuing.queueLengthLimit = 50;
    }),
    validate(level, _old, { subresource }) {
      const errors: FieldError[] = [];
      if (subresource !== "status") {
        if (level.metadata.annotations?.[preserveZeroAnnotation] !== undefined) {
          errors.push(
            forbidden(path("metadata", "annotations"), `annotation '${preserveZeroAnnotation}' is forbidden`),
          );
        }
        addSpecErrors(errors, level);
        addMandatoryErrors(errors, level);
      }
      addConditionErrors(errors, level.status?.conditions ?? []);
      return errors;
    },
  },
);

function addMandatoryErrors(errors: FieldError[], { metadata: { name = "" }, spec }: PriorityLevelConfiguration): void {
  const mandatory = mandatoryPriorityLevels.find(({ metadata }) => metadata.name === name);
  if (mandatory === undefined) return;
  // Shares of the exempt level are an operator's to choose.
  const exempt = name === "exempt";
  const { exempt: _, ...compared } = spec;
  const have = exempt ? { ...compared, exempt: mandatory.spec.exempt } : spec;
  if (equalJson(have, mandatory.spec)) return;
  const what = exempt ? `spec of '${name}' except the 'spec.exempt' field` : `spec of '${name}'`;
  errors.push(
    invalid(specPath, internalValue("PriorityLevelConfigurationSpec", spec), `${what} must equal the fixed value`),
  );
}

function addSpecErrors(errors: FieldError[], { metadata: { name }, spec }: PriorityLevelConfiguration): void {
  const { type = "", limited, exempt } = spec;
  if ((name === "exempt") !== (type === "Exempt")) {
    errors.push(invalid(specPath.child("type"), type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === "Exempt") {
    if (limited !== undefined) {
      errors.push(forbidden(specPath.child("limited"), "must be nil if the type is not Limited"));
    }
    if (exempt !== undefined) addShareErrors(errors, exempt, specPath.child("exempt"));
  } else if (type === "Limited") {
    if (exempt !== undefined) errors.push(forbidden(specPath.child("exempt"), "must be nil if the type is Limited"));
    if (limited === undefined) {
      errors.push(required(specPath.child("limited"), "must not be empty when type is Limited"));
    } else addLimitedErrors(errors, limited, specPath.child("limited"));
  } else errors.push(notSupported(specPath.child("type"), type, ["Exempt", "Limited"]));
}

function addShareErrors(
  errors: FieldError[],
  { nominalConcurrencyShares, lendablePercent }: types.ExemptPriorityLevelConfiguration,
  place: Path,
): void {
  if (nominalConcurrencyShares !== undefined && nominalConcurrencyShares < 0) {
    const at = place.child("nominalConcurrencyShares");
    errors.push(invalid(at, nominalConcurrencyShares, "must be a non-negative integer"));
  }
  addLendableErrors(errors, lendablePercent, place);
}

function addLendableErrors(errors: FieldError[], percent: number | undefined, place: Path): void {
  if (percent !== undefined && (percent < 0 || percent > 100)) {
    errors.push(invalid(place.child("lendablePercent"), percent, "must be between 0 and 100, inclusive"));
  }
}

function addLimitedErrors(errors: FieldError[], limited: types.LimitedPriorityLevelConfiguration, place: Path): void {
  const { nominalConcurrencyShares: shares, lendablePercent, borrowingLimitPercent: borrowing } = limited;
  if (shares < 0)
    errors.push(invalid(place.child("nominalConcurrencyShares"), shares, "must be a non-negative integer"));
  addResponseErrors(errors, limited.limitResponse ?? { type: "" }, place.child("limitResponse"));
  addLendableErrors(errors, lendablePercent, place);
  if (borrowing !== undefined && borrowing < 0) {
    const at = place.child("borrowingLimitPercent");
    errors.push(invalid(at, borrowing, "if specified, must be a non-negative integer"));
  }
}

function addResponseErrors(errors: FieldError[], { type = "", queuing }: types.LimitResponse, place: Path): void {
  const at = place.child("queuing");
  if (type === "Reject") {
    if (queuing !== undefined) errors.push(forbidden(at, "must be nil if limited.limitResponse.type is not Limited"));
  } else if (type === "Queue") {
    if (queuing === undefined) {
      errors.push(required(at, "must not be empty if limited.limitResponse.type is Limited"));
    } else addQueuingErrors(errors, queuing, at);
  } else errors.push(notSupported(place.child("type"), type, ["Queue", "Reject"]));
}

function addQueuingErrors(
  errors: FieldError[],
  { queues, handSize, queueLengthLimit }: types.QueuingConfiguration,
  place: Path,
): void {
  if (queueLengthLimit <= 0) {
    errors.push(invalid(place.child("queueLengthLimit"), queueLengthLimit, "must be positive"));
  }
  if (queues <= 0) errors.push(invalid(place.child("queues"), queues, "must be positive"));
  else if (queues > maxQueues) {
    errors.push(invalid(place.child("queues"), queues, `must not be greater than ${maxQueues}`));
  }
  const at = place.child("handSize");
  if (handSize <= 0) errors.push(invalid(at, handSize, "must be positive"));
  else if (handSize > queues) {
    errors.push(invalid(at, handSize, `should not be greater than queues (${queues})`));
  } else if (Math.ceil(Math.log2(queues) * handSize) > maxHashBits) {
    const what = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    errors.push(invalid(at, handSize, `${what} should not be greater than ${maxHashBits}`));
  }
}
