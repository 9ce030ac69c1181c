const ranks: Readonly<Record<string, number>> = { alpha: 1, beta: 2, "": 3 };

interface Parsed {
  readonly major: number;
  readonly rank: number;
  readonly minor: number;
}

function parse(version: string): Parsed | undefined {
  const match = /^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?$/.exec(version);
  if (match === null) return undefined;
  return { major: Number(match[1]), rank: ranks[match[2] ?? ""]!, minor: Number(match[3] ?? 0) };
}

/**
 * Kubernetes' order of versions: v10 > v2 > v1 > v11beta2 > v10beta3 > v3alpha1 > foo1 > foo10
 * (apimachinery/pkg/version/helpers.go). Positive where `a` is the greater.
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [parse(a), parse(b)];
  if (left === undefined && right === undefined) return a < b ? 1 : -1;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  return left.rank - right.rank || left.major - right.major || left.minor - right.minor;
}
