/**
 * Deep equality of JSON data: the order of keys does not matter, a field that is undefined is absent, null is neither absent
 * nor empty, and an integer equals the bigint of its value.
 */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === "bigint" || typeof b === "bigint") return isIntegral(a) && isIntegral(b) && BigInt(a) === BigInt(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  }
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  let count = 0;
  for (const key in left) {
    if (left[key] === undefined) continue;
    if (!equalJson(left[key], right[key])) return false;
    count++;
  }
  // Also tells inherited fields, such as `constructor`, from fields that are there.
  for (const key in right) if (right[key] !== undefined) count--;
  return count === 0;
}

function isIntegral(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}

/**
 * Equality of API data as upstream's `apiequality.Semantic.DeepEqual` has it, on objects that a decoder has made canonical
 * (times, quantities): an absent field equals null and an empty list. An empty object differs from an absent one, for that
 * is how a pointer to an empty struct differs from nil; maps that are empty are the decoder's to drop.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => semanticEqual(item, b[i]));
  }
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  for (const key in left) if (!semanticEqual(left[key], right[key])) return false;
  for (const key in right) if (!(key in left) && !isNothing(right[key])) return false;
  return true;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
