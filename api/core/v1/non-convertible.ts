import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notFound } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { ReplicationController } from "../../generated/types/core-v1.ts";
import { goMap } from "../../go-values.ts";

const prefix = "non-convertible.kubernetes.io";

/**
 * Annotations of upstream's that name fields which another version cannot express: these must not be lost
 * (pkg/registry/core/replicationcontroller/strategy.go ValidateUpdate).
 */
export function nonConvertibleErrors(controller: ReplicationController, old: ReplicationController): FieldError[] {
  const { selector } = controller.spec;
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(old.metadata.annotations ?? {})) {
    const parts = key.split("/");
    if (!key.startsWith(prefix) || parts.length !== 2) continue;
    const field = parts[1]!;
    if (!field.includes("selector")) {
      errors.push({ ...notFound(field, value), detail: "unknown non-convertible field" });
    } else if (!semanticEqual(selector, old.spec.selector)) {
      errors.push(invalid(path("spec", "selector"), goMap(selector), "cannot update non-convertible selector"));
    }
  }
  return errors;
}
