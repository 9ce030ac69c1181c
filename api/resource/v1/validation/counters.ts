import { required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { addLabelErrors, addMapErrors, type Errors } from "./common.ts";

const maxCounters = 32;
const maxLabel = 63;

/** What several devices share: at least one counter, named by a label. */
export function addCounterErrors(errors: Errors, counters: Readonly<Record<string, object>>, place: Path): void {
  if (Object.keys(counters).length === 0) errors.push(required(place));
  else addMapErrors(errors, counters, place, { max: maxCounters, keyMax: maxLabel, key: addLabelErrors });
}
