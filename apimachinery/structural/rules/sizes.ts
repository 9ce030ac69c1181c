import type { CelType, SizeEstimator } from "../../cel/mod.ts";

/**
 * The limits that a schema sets to what a rule's expression reads, for estimates of its cost
 * (apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go sizeEstimator).
 */
export function sizesWithin(root: CelType): SizeEstimator {
  return ({ path = [] }) => {
    if (path.length === 0) return undefined;
    let type: CelType | undefined = root;
    // Whatever a path begins with is taken for `self`: `oldSelf` is, and so is the name of a type.
    for (const name of path.slice(1)) {
      type = type === undefined ? undefined : within(type, name);
    }
    return type === undefined ? undefined : { min: 0, max: type.declaration?.maxElements ?? 0 };
  };
}

function within(type: CelType, name: string): CelType | undefined {
  const isContainer = type.kind === "list" || type.kind === "map";
  if (name === "@items" || name === "@values") return isContainer ? type.parameters.at(-1) : undefined;
  if (name === "@keys") return type.kind === "map" ? type.parameters[0] : undefined;
  return type.declaration?.fields?.get(name)?.type;
}
