import type { FieldError } from "../../../apimachinery/field/error.ts";
import { notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";

export type Binding = types.Binding;

/**
 * Says on which node a pod shall run; created, never stored. Also at pods/binding. Rules: pkg/apis/core/validation
 * ValidatePodBinding.
 */
export const Binding = defineResource<Binding>({
  group: "",
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  scope: "Namespaced",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.core.v1.Binding"),
  validate({ target }) {
    const errors: FieldError[] = [];
    if (target?.kind && target.kind !== "Node") {
      errors.push(notSupported(path("target", "kind"), target.kind, ["Node", "<empty>"]));
    }
    if (!target?.name) errors.push(required(path("target", "name")));
    return errors;
  },
});
