import {
  bindingsLibrary,
  boolType,
  type CelType,
  compileProblem,
  createEnvironment,
  dynType,
  type Environment,
  kubernetesLibraries,
  mapType,
  objectType,
  quantityType,
  stringType,
} from "../../../../apimachinery/cel/mod.ts";
import { forbidden, invalid, required, tooLong } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../apimachinery/text/go-quote.ts";
import type { DeviceSelector } from "../../../generated/types/resource-v1.ts";
import { addListErrors, type Errors } from "./common.ts";

// Which devices will do: CEL over one device (dynamic-resource-allocation/cel).

const maxSelectors = 32;
const maxExpression = 10 * 1024;
const maxCost = 1_000_000;
const maxEntries = 32;

const domain = stringType.declared({ maxElements: 63 });
const identifier = stringType.declared({ maxElements: 32 });
const attribute = dynType.declared({ maxElements: 64 });
const perDomain = (of: CelType): CelType =>
  mapType(domain, mapType(identifier, of).declared({ maxElements: maxEntries })).declared({ maxElements: maxEntries });

const fields: ReadonlyMap<string, CelType> = new Map([
  ["driver", domain],
  ["allowMultipleAllocations", boolType.declared({ maxElements: 1 })],
  ["attributes", perDomain(attribute)],
  ["capacity", perDomain(quantityType)],
]);

const deviceType = objectType("kubernetes.DRADevice", (name) => fields.get(name), {
  fields: new Map([...fields].map(([json, type]) => [json, { json, type }])),
});

let environment: Environment | undefined;

export function addSelectorListErrors(
  errors: Errors,
  selectors: readonly DeviceSelector[] | undefined,
  place: Path,
): void {
  addListErrors(errors, selectors, place, { max: maxSelectors, each: addSelectorErrors });
}

function addSelectorErrors(errors: Errors, { cel }: DeviceSelector, place: Path): void {
  if (cel === undefined) {
    errors.push(required(place.child("cel")));
    return;
  }
  const { expression = "" } = cel;
  const at = place.child("cel", "expression");
  if (byteLength(expression) > maxExpression) {
    errors.push(tooLong(at, maxExpression));
    return;
  }
  environment ??= createEnvironment({
    variables: { device: deviceType },
    libraries: [...kubernetesLibraries, bindingsLibrary],
  });
  const compiled = environment.compile(expression);
  if (!compiled.ok) {
    errors.push(invalid(at, expression, compileProblem(compiled)));
    return;
  }
  const { outputType } = compiled.program;
  if (!outputType.equals(boolType) && outputType.kind !== "dyn") {
    const detail = `must evaluate to bool or the unknown type, not ${outputType}`;
    errors.push(invalid(at, expression, detail));
  } else if (compiled.program.estimateCost().max > maxCost) {
    errors.push(forbidden(at, "too complex, exceeds cost limit"));
  }
}
