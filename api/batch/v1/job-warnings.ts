import type { Path } from "../../../apimachinery/field/path.ts";
import { templateWarnings } from "../../core/v1/pod/warnings.ts";
import type { JobSpec } from "../../generated/types/batch-v1.ts";

const manyCompletions = 100_000;
const muchParallelism = 10_000;

/** pkg/api/job WarningsForJobSpec. */
export function* jobSpecWarnings(spec: JobSpec, place: Path): Iterable<string> {
  const { completionMode, completions = 0, parallelism = 0 } = spec;
  if (completionMode === "Indexed" && completions > manyCompletions && parallelism > muchParallelism) {
    yield `${place}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  }
  yield* templateWarnings(spec.template, place.child("template"));
}
