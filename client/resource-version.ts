/**
 * Order of two resourceVersions of one resource: below 0 where `a` is older. They are decimal numbers of any length without
 * leading zeros (KEP-5504); "" counts as older than all.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
