import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonValue } from "../json/json.ts";
import { itemsOf, type Props, valuesOf } from "./props.ts";
import { enumFinding, formatFinding, numberFindings, stringFinding, typeFinding } from "./scalar-rules.ts";

type Test = (value: JsonValue) => boolean;

const tests = new WeakMap<Props, Test>();
const anything: Test = () => true;

/** Whether the schema allows the value: the same verdict as `schemaErrors`, compiled once for each schema, without words. */
export function isValid(value: JsonValue, props: Props): boolean {
  return testOf(props)(value);
}

function testOf(props: Props): Test {
  let test = tests.get(props);
  if (test === undefined) {
    test = compile(props);
    tests.set(props, test);
  }
  return test;
}

function compile(props: Props): Test {
  const parts = [scalarTest(props), listTest(props), objectTest(props), ...alternativeTests(props)];
  const asked = parts.filter((test) => test !== anything);
  const nulls = nullTest(props);
  const [only] = asked;
  if (only === undefined) return (value) => value !== null || nulls;
  if (asked.length === 1) return (value) => (value === null ? nulls : only(value));
  return (value) => (value === null ? nulls : asked.every((test) => test(value)));
}

function nullTest(props: Props): boolean {
  return typeFinding(null, props, "") === undefined && enumFinding(null, props, "") === undefined;
}

function scalarTest(props: Props): Test {
  const textual = props.maxLength !== undefined || props.minLength !== undefined || Boolean(props.pattern);
  const numeric = ["minimum", "maximum", "multipleOf"].some((name) => props[name as keyof Props] !== undefined);
  const { type, format = "" } = props;
  const plain = !textual && !numeric && format === "" && props.enum === undefined;
  if (plain && props["x-kubernetes-int-or-string"] !== true) {
    if (type === undefined || type === "") return anything;
    if (type === "string" || type === "boolean") return (value) => typeof value === type;
    if (type === "object") return isJsonObject;
    if (type === "array") return Array.isArray;
    if (type === "integer") return (value) => Number.isSafeInteger(value) || allowed(value, props);
  }
  return (value) => allowed(value, props);
}

function allowed(value: JsonValue, props: Props): boolean {
  if (typeFinding(value, props, "") !== undefined || enumFinding(value, props, "") !== undefined) return false;
  if (typeof value === "string") {
    return stringFinding(value, props, "") === undefined && formatFinding(value, props, "") === undefined;
  }
  if (typeof value === "number" || typeof value === "bigint")
    return numberFindings(value, props, "").next().done === true;
  return true;
}

function listTest(props: Props): Test {
  const items = itemsOf(props);
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, uniqueItems } = props;
  if (items === undefined && minItems === 0 && maxItems === Number.POSITIVE_INFINITY && uniqueItems !== true) {
    return anything;
  }
  let test: Test | undefined;
  return (list) => {
    if (!Array.isArray(list)) return true;
    if (list.length < minItems || list.length > maxItems) return false;
    test ??= items === undefined ? anything : testOf(items);
    return list.every(test) && (uniqueItems !== true || isUnique(list));
  };
}

function isUnique(list: readonly JsonValue[]): boolean {
  return list.every((item, i) => !list.slice(0, i).some((other) => equalJson(item, other)));
}

function objectTest(props: Props): Test {
  const properties = new Map(Object.entries(props.properties ?? {}));
  const values = valuesOf(props);
  const closed = props.additionalProperties === false;
  const { required = [], minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = props;
  const sized = minProperties > 0 || maxProperties !== Number.POSITIVE_INFINITY;
  if (properties.size === 0 && values === undefined && !closed && required.length === 0 && !sized) return anything;
  let fieldTests: ReadonlyMap<string, Test> | undefined;
  return (object) => {
    if (!isJsonObject(object)) return true;
    fieldTests ??= new Map([...properties].map(([name, property]) => [name, testOf(property)]));
    for (const name of required) if (!Object.hasOwn(object, name)) return false;
    let size = 0;
    for (const key in object) {
      size++;
      const test = fieldTests.get(key);
      if (test !== undefined) {
        if (!test(object[key]!)) return false;
      } else if (closed || (values !== undefined && !testOf(values)(object[key]!))) return false;
    }
    return size >= minProperties && size <= maxProperties;
  };
}

function* alternativeTests(props: Props): Generator<Test> {
  const { anyOf = [], oneOf = [], allOf = [], not } = props;
  if (anyOf.length > 0) yield (value) => anyOf.some((one) => isValid(value, one));
  if (oneOf.length > 0) yield (value) => oneOf.filter((one) => isValid(value, one)).length === 1;
  if (allOf.length > 0) yield (value) => allOf.every((one) => isValid(value, one));
  if (not !== undefined) yield (value) => !isValid(value, not);
}
