import type { Pod } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";

/** The container that is meant; where none is named, the only one (pkg/registry/core/pod validateContainer). */
export function chooseContainer({ metadata, spec }: Pod, named: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  if (named !== "") {
    if (names.includes(named)) return named;
    throw ApiError.badRequest(`container ${named} is not valid for pod ${metadata.name}`);
  }
  if (containers.length === 1) return containers[0]!.name;
  const text = `a container name must be specified for pod ${metadata.name}`;
  throw ApiError.badRequest(containers.length === 0 ? text : `${text}, choose one of: [${names.join(" ")}]`);
}
