/** RFC 7396. Changes `target`. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** RFC 6902, as far as tests of clients need it: add, replace and remove of members of objects. Changes `target`. */
export function applyJsonPatch(target: unknown, operations: unknown): unknown {
  for (const { op, path, value } of operations as { op: string; path: string; value?: unknown }[]) {
    const keys = path
      .slice(1)
      .split("/")
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop() as string;
    const parent = keys.reduce((inner, key) => (inner as Record<string, unknown>)[key], target) as Record<
      string,
      unknown
    >;
    if (op === "remove") delete parent[last];
    else parent[last] = value;
  }
  return target;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
