import type { FieldError } from "../../../apimachinery/field/error.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { validateNonnegativeField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/autoscaling-v1.ts";

export type Scale = types.Scale;

const { format: _, ...plainNameColumn } = nameColumn;

/** How many there shall be and are: what the scale subresources speak; not a resource of its own. */
export const Scale = defineResource<Scale>({
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "scales",
  scope: "Namespaced",
  verbs: ["get", "patch", "update"],
  schema: () => definition("io.k8s.api.autoscaling.v1.Scale"),
  columns: [
    plainNameColumn,
    { name: "Desired", type: "integer", cell: ({ spec }) => spec.replicas ?? 0 },
    { name: "Available", type: "integer", cell: ({ status }) => status.replicas ?? 0 },
    ageColumn,
  ],
  validate: validateScale,
});

/** pkg/apis/autoscaling/validation ValidateScale. */
export function validateScale({ spec }: Scale): readonly FieldError[] {
  return validateNonnegativeField(spec?.replicas ?? 0, path("spec", "replicas"));
}
