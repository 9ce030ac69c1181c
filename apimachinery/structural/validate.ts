import type { FieldError } from "../field/error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { goQuote } from "../text/go-quote.ts";
import type { Correlation } from "./correlation.ts";
import { type Finding, fieldErrorsOf, Outcome } from "./outcome.ts";
import { itemsOf, type Props, valuesOf } from "./props.ts";
import { enumFinding, formatFinding, numberFindings, stringFinding, typeFinding } from "./scalar-rules.ts";
import { isValid } from "./valid.ts";

/**
 * What of a value its schema does not allow, in upstream's words (kube-openapi pkg/validation/validate). `prefix` is where
 * the value stands in its object. With `correlation`, what was as wrong before an update is let be.
 */
export function schemaErrors(
  value: JsonValue,
  props: Props,
  prefix = "",
  correlation?: Correlation,
): readonly FieldError[] {
  // Nearly all values are valid, and a yes costs little.
  if (isValid(value, props)) return [];
  return fieldErrorsOf(findingsOf(value, props, correlation), prefix);
}

/** The same before it is put into Kubernetes' words. */
export function findingsOf(value: JsonValue, props: Props, correlation?: Correlation): readonly Finding[] {
  return correlated(value, props, "", correlation).findings;
}

function correlated(value: JsonValue, props: Props, path: string, correlation: Correlation | undefined): Outcome {
  const outcome = check(value, props, path, correlation);
  return !outcome.valid && correlation?.equal === true ? outcome.forgive() : outcome;
}

/** Counts matches as upstream does: they say which alternative of an anyOf came closest. */
function check(value: JsonValue, props: Props, path: string, correlation: Correlation | undefined): Outcome {
  const outcome = new Outcome();
  const typed = typeFinding(value, props, path);
  outcome.add(typed);
  if (value === null) {
    if (typed === undefined) outcome.matches++;
    outcome.add(enumFinding(value, props, path));
    return outcome;
  }
  if (typeof props.type === "string" || props["x-kubernetes-int-or-string"] === true) {
    outcome.matches += typed === undefined ? 2 : 1;
  }
  outcome.merge(alternatives(value, props, path, correlation));
  outcome.matches++;
  if (typeof value === "string") {
    outcome.add(stringFinding(value, props, path));
    outcome.add(formatFinding(value, props, path));
    outcome.matches += formatFindingApplies(props) ? 2 : 1;
  } else if (typeof value === "number" || typeof value === "bigint") {
    for (const finding of numberFindings(value, props, path)) outcome.add(finding);
    outcome.matches += 2;
  } else if (Array.isArray(value)) checkList(value, props, path, correlation, outcome);
  outcome.add(enumFinding(value, props, path));
  outcome.matches++;
  if (isJsonObject(value)) {
    checkObject(value, props, path, correlation, outcome);
    outcome.matches++;
  }
  outcome.matches++;
  return outcome;
}

function formatFindingApplies(props: Props): boolean {
  return props.format !== undefined && props.format !== "";
}

function checkList(
  list: readonly JsonValue[],
  props: Props,
  path: string,
  correlation: Correlation | undefined,
  outcome: Outcome,
): void {
  const items = itemsOf(props);
  if (items !== undefined) {
    list.forEach((item, i) => {
      outcome.merge(correlated(item, items, `${path}[${i}]`, correlation?.index(i)));
    });
  }
  const { minItems, maxItems } = props;
  if (minItems !== undefined && list.length < minItems) {
    const message = `${path} in body should have at least ${minItems} items`;
    outcome.add({ kind: "invalid", path, message, value: list.length });
  }
  if (maxItems !== undefined && list.length > maxItems) {
    const message = `${path} in body should have at most ${maxItems} items`;
    outcome.add({ kind: "tooMany", path, message, value: list.length, limit: maxItems });
  }
  if (props.uniqueItems === true && !isValid([...list], { type: "array", uniqueItems: true })) {
    outcome.add({ kind: "invalid", path, message: `${path} in body shouldn't contain duplicates` });
  }
  outcome.matches += 2;
}

function checkObject(
  object: JsonObject,
  props: Props,
  path: string,
  correlation: Correlation | undefined,
  outcome: Outcome,
): void {
  for (const finding of sizeFindings(Object.keys(object).length, props, path)) outcome.add(finding);
  const properties = props.properties ?? {};
  const values = valuesOf(props);
  for (const key in object) {
    if (Object.hasOwn(properties, key)) continue;
    if (props.additionalProperties === false) {
      const message = `${path}.${key} in body is a forbidden property`;
      outcome.add({ kind: "invalid", path, message, value: key });
    } else if (values !== undefined) {
      outcome.merge(correlated(object[key]!, values, `${path}.${key}`, correlation?.key(key)));
    }
  }
  for (const [name, property] of Object.entries(properties)) {
    if (!Object.hasOwn(object, name)) continue;
    // Kind and version of a whole object are never let be.
    const typeMeta = path === "" && (name === "kind" || name === "apiVersion");
    const inner = typeMeta ? undefined : correlation?.key(name);
    outcome.merge(correlated(object[name]!, property, path === "" ? name : `${path}.${name}`, inner));
  }
  for (const name of props.required ?? []) {
    if (Object.hasOwn(object, name)) continue;
    const at = `${path}.${name}`;
    outcome.add({ kind: "required", path: at, message: `${at} in body is required` });
  }
}

function* sizeFindings(size: number, props: Props, path: string): Generator<Finding> {
  const { minProperties, maxProperties } = props;
  if (minProperties !== undefined && size < minProperties) {
    const message = `${path} in body should have at least ${minProperties} properties`;
    yield { kind: "invalid", path, message, value: size };
  }
  if (maxProperties !== undefined && size > maxProperties) {
    const message = `${path} in body should have at most ${maxProperties} properties`;
    yield { kind: "tooMany", path, message, value: size, limit: maxProperties };
  }
}

const other = (path: string, message: string): Finding => ({ kind: "other", path, message });

function alternatives(value: JsonValue, props: Props, path: string, correlation: Correlation | undefined): Outcome {
  const outcome = new Outcome();
  const attempt = (one: Props): Outcome => check(value, one, path, correlation);
  if ((props.anyOf?.length ?? 0) > 0) anyOf(props.anyOf!, attempt, path, outcome);
  if ((props.oneOf?.length ?? 0) > 0) oneOf(props.oneOf!, attempt, path, outcome);
  if ((props.allOf?.length ?? 0) > 0) allOf(props.allOf!, attempt, path, outcome);
  if (props.not !== undefined && attempt(props.not).valid) {
    outcome.add(other(path, `${goQuote(path)} must not validate the schema (not)`));
  }
  outcome.matches++;
  return outcome;
}

type Attempt = (props: Props) => Outcome;

function anyOf(alternatives: readonly Props[], attempt: Attempt, path: string, outcome: Outcome): void {
  let closest: Outcome | undefined;
  for (const one of alternatives) {
    const result = attempt(one);
    if (result.valid) {
      outcome.merge(result);
      return;
    }
    if (closest === undefined || result.matches > closest.matches) closest = result;
  }
  outcome.add(other(path, `${goQuote(path)} must validate at least one schema (anyOf)`));
  outcome.merge(closest!);
}

function oneOf(alternatives: readonly Props[], attempt: Attempt, path: string, outcome: Outcome): void {
  let closest: Outcome | undefined;
  const successes: Outcome[] = [];
  for (const one of alternatives) {
    const result = attempt(one);
    if (result.valid) {
      successes.push(result);
      closest = undefined;
    } else if (successes.length === 0 && (closest === undefined || result.matches > closest.matches)) closest = result;
  }
  if (successes.length === 1) {
    outcome.merge(successes[0]!);
    return;
  }
  const why = successes.length === 0 ? "Found none valid" : `Found ${successes.length} valid alternatives`;
  outcome.add(other(path, `${goQuote(path)} must validate one and only one schema (oneOf). ${why}`));
  if (closest !== undefined) outcome.merge(closest);
}

function allOf(parts: readonly Props[], attempt: Attempt, path: string, outcome: Outcome): void {
  let valid = 0;
  for (const one of parts) {
    const result = attempt(one);
    if (result.valid) valid++;
    outcome.merge(result);
  }
  if (valid === parts.length) return;
  const none = valid === 0 ? ". None validated" : "";
  outcome.add(other(path, `${goQuote(path)} must validate all the schemas (allOf)${none}`));
}
