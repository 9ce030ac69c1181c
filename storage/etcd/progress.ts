/** The first patch of each minor version whose answer to a progress request never runs ahead of the events. */
const fixedPatches: readonly (readonly [minor: number, patch: number])[] = [
  [4, 31],
  [5, 13],
];

/**
 * Whether a watch may ask how far it has come. Older servers may say more than they have sent (etcd issue 15220), and a cache
 * that believed it would serve the past as the present. Same floors as upstream
 * (staging/src/k8s.io/apiserver/pkg/storage/feature/feature_support_checker.go).
 */
export function supportsProgressRequests(version: string): boolean {
  const match = /^3\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return /^([4-9]|\d{2,})\./.test(version);
  const [minor, patch] = [Number(match[1]), Number(match[2])];
  const fixed = fixedPatches.find(([of]) => of === minor);
  return fixed === undefined ? minor > 5 : patch >= fixed[1];
}
