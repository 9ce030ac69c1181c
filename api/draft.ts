import type { Draft } from "../apimachinery/resource/object.ts";

/** A function that changes an object which its caller still owns, in the form that resource definitions declare. */
export function changing<T, Rest extends unknown[]>(
  change: (draft: Draft<NoInfer<T>>, ...rest: Rest) => void,
): (draft: T, ...rest: Rest) => void {
  return change as unknown as (draft: T, ...rest: Rest) => void;
}
