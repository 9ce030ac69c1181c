import { required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { isJsonObject } from "../../../apimachinery/json/json.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { validateImmutableField, validateNonnegativeField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/apps-v1.ts";

// Rules: pkg/apis/apps/validation ValidateControllerRevisionCreate and ValidateControllerRevisionUpdate.

export type ControllerRevision = types.ControllerRevision;

const dataPath = path("data");

/** A former state of a controller's template, to go back to. */
export const ControllerRevision = defineResource<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.apps.v1.ControllerRevision"),
  columns: [
    nameColumn,
    textColumn("Controller", controllerOf),
    { name: "Revision", type: "string", cell: ({ revision }) => revision ?? 0 },
    ageColumn,
  ],
  validate({ revision, data }, old) {
    const errors = [...validateNonnegativeField(revision ?? 0, path("revision"))];
    if (old !== undefined) errors.push(...validateImmutableField(data, old.data, dataPath));
    else if (data === undefined || data === null) errors.push(required(dataPath, "data is mandatory"));
    else if (!isJsonObject(data)) errors.push(required(dataPath, "data must be a valid JSON object"));
    return errors;
  },
});

/** `statefulset.apps/web`, or `<none>`. */
function controllerOf({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return "<none>";
  const [group, version] = owner.apiVersion.split("/");
  const kind = version === undefined ? owner.kind : `${owner.kind}.${group}`;
  return `${kind.toLowerCase()}/${owner.name}`;
}
