import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Clock } from "../../base/clock.ts";
import type { ObjectReader } from "../registry/access.ts";

interface Wanted {
  readonly namespace: string;
  readonly name: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** The object as soon as the cache has it; undefined if it has not come after `timeoutMs`. */
export function waitFor<T extends ApiObject>(
  reader: ObjectReader,
  definition: ResourceDefinition<T>,
  { namespace, name, clock, timeoutMs }: Wanted,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const end = (found: T | undefined) => {
      stop();
      timer.clear();
      resolve(found);
    };
    const stop = reader.onChange(definition, ({ type, object }) => {
      if (type !== "DELETED" && object.metadata.name === name && (object.metadata.namespace ?? "") === namespace)
        end(object);
    });
    const timer = clock.setTimer(timeoutMs, () => end(reader.get(definition, namespace, name)));
  });
}
