/**
 * Whether a namespace's selector and an object's both select; each throws where it cannot tell. What one of them throws is
 * thrown only where the other selects or throws, and the first's before the second's.
 */
export function bothSelect(namespace: () => boolean, object: () => boolean): boolean {
  let problem: { readonly thrown: unknown } | undefined;
  try {
    if (!namespace()) return false;
  } catch (thrown) {
    problem = { thrown };
  }
  try {
    if (!object()) return false;
  } catch (thrown) {
    problem ??= { thrown };
  }
  if (problem !== undefined) throw problem.thrown;
  return true;
}
