import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid, jsonText, notSupported } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import { booleanOf, dryRunErrors, integerOf } from "./options.ts";

export type PropagationPolicy = "Orphan" | "Background" | "Foreground";

/** metav1.DeleteOptions, from a body, or from the query where there is none. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: PropagationPolicy;
  readonly dryRun?: readonly string[];
  /** Removes an object because it cannot be read, whatever may depend on it. */
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

export const ignoreReadErrorPath = path("ignoreStoreReadErrorWithClusterBreakingPotential");

export function deleteOptionsOfQuery(query: URLSearchParams): DeleteOptions {
  const gracePeriodSeconds = integerOf(query, "gracePeriodSeconds");
  const orphanDependents = booleanOf(query, "orphanDependents");
  const propagationPolicy = query.get("propagationPolicy");
  const dryRun = query.getAll("dryRun");
  const ignored = booleanOf(query, "ignoreStoreReadErrorWithClusterBreakingPotential");
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === null ? {} : { propagationPolicy: propagationPolicy as PropagationPolicy }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
    ...(ignored === undefined ? {} : { ignoreStoreReadErrorWithClusterBreakingPotential: ignored }),
  };
}

/** Throws Invalid as metav1 validation's ValidateDeleteOptions does. */
export function checkDeleteOptions(options: DeleteOptions): void {
  const errors: FieldError[] = [];
  const policy = options.propagationPolicy;
  if (options.orphanDependents !== undefined && policy !== undefined) {
    errors.push(
      invalid(
        path("propagationPolicy"),
        jsonText(policy),
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    );
  }
  if (policy !== undefined && policy !== "Foreground" && policy !== "Background" && policy !== "Orphan") {
    errors.push(
      notSupported(path("propagationPolicy"), jsonText(policy), ["Foreground", "Background", "Orphan", "nil"]),
    );
  }
  errors.push(...dryRunErrors(options.dryRun ?? []));
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential === true) {
    errors.push(...errorsBesideIgnoring(options));
  }
  if (errors.length > 0) {
    throw ApiError.invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors);
  }
}

/** metav1 validation's ValidateIgnoreStoreReadError. */
function errorsBesideIgnoring(options: DeleteOptions): readonly FieldError[] {
  const others: readonly (readonly [name: string, isSet: boolean])[] = [
    ["dryRun", (options.dryRun ?? []).length > 0],
    ["propagationPolicy", options.propagationPolicy !== undefined],
    ["orphanDependents", options.orphanDependents !== undefined],
    ["gracePeriodSeconds", options.gracePeriodSeconds !== undefined],
    ["preconditions", options.preconditions !== undefined],
  ];
  return others.flatMap(([name, isSet]) =>
    isSet ? invalid(ignoreReadErrorPath, true, `cannot be set together with .${name}`) : [],
  );
}
