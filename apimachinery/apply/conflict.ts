import { ApiError } from "../errors/api-error.ts";
import type { StatusCause } from "../errors/status.ts";
import { compareText, goQuote } from "../text/go-quote.ts";
import { type FieldSet, pathsOf } from "./field-set.ts";
import type { Manager } from "./managers.ts";
import { formatPath, type PathElement } from "./path-element.ts";

/** A field that an apply would change and that another manager owns. */
export interface Conflict {
  readonly manager: Manager;
  readonly path: readonly PathElement[];
}

/** One conflict for each field, ordered by the managers' identities. */
export function conflictsOf(
  managers: ReadonlyMap<string, Manager>,
  taken: ReadonlyMap<string, FieldSet>,
): readonly Conflict[] {
  return [...taken]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([id, fields]) => pathsOf(fields).map((path) => ({ manager: managers.get(id)!, path })));
}

/** What kubectl and others read when an apply meets fields that others own (managedfields/internal/conflict.go). */
export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(
    ({ manager, path }): StatusCause => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${printManager(manager)}`,
      field: formatPath(path),
    }),
  );
  return ApiError.applyConflict(causes, conflictMessage(conflicts));
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${printManager(first.manager)}: ${formatPath(first.path)}`;
  }
  const lines: string[] = [];
  let last: Manager | undefined;
  for (const { manager, path } of conflicts) {
    if (manager !== last) lines.push(`conflicts with ${printManager(manager)}:`);
    lines.push(`- ${formatPath(path)}`);
    last = manager;
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

function printManager({ name, operation, apiVersion, subresource }: Manager): string {
  const text = subresource === "" ? goQuote(name) : `${goQuote(name)} with subresource ${goQuote(subresource)}`;
  return operation === "Update" ? `${text} using ${apiVersion}` : text;
}
