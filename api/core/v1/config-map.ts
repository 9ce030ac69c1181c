import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, tooLong } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { sentEmptyOf } from "../../../apimachinery/schema/sent-empty.ts";
import { isConfigMapKey } from "../../../apimachinery/validation/formats.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { addMessages } from "../../validation.ts";
import { base64Size, maxDataSizeBytes, textSize } from "./data-size.ts";

// Rules: pkg/apis/core/validation/validation.go ValidateConfigMap, ValidateConfigMapUpdate.

export type ConfigMap = types.ConfigMap;

const dataPath = path("data");
const binaryDataPath = path("binaryData");

export const ConfigMap = defineResource<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.core.v1.ConfigMap"),
  columns: [
    nameColumn,
    { name: "Data", type: "string", cell: ({ data, binaryData }) => countKeys(data) + countKeys(binaryData) },
    ageColumn,
  ],
  validate,
});

function countKeys(map: object | null | undefined): number {
  return map === undefined || map === null ? 0 : Object.keys(map).length;
}

function validate(configMap: ConfigMap, old: ConfigMap | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (old?.immutable === true) addImmutabilityErrors(errors, configMap, old);
  const data = configMap.data ?? {};
  const binaryData = configMap.binaryData ?? {};
  let sizeBytes = 0;
  for (const key in data) {
    addMessages(errors, isConfigMapKey(key), () => dataPath.key(key), key);
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(dataPath.key(key), key, "duplicate of key present in binaryData"));
    }
    sizeBytes += textSize(data[key]);
  }
  for (const key in binaryData) {
    addMessages(errors, isConfigMapKey(key), () => binaryDataPath.key(key), key);
    sizeBytes += base64Size(binaryData[key]);
  }
  if (sizeBytes > maxDataSizeBytes) errors.push(tooLong(path(""), maxDataSizeBytes));
  return errors;
}

const immutableMessage = "field is immutable when `immutable` is set";

function addImmutabilityErrors(errors: FieldError[], configMap: ConfigMap, old: ConfigMap): void {
  if (configMap.immutable !== true) errors.push(forbidden(path("immutable"), immutableMessage));
  if (!semanticEqual(configMap.data, old.data)) errors.push(forbidden(dataPath, immutableMessage));
  // Data are defaulted, binary data are not: what was sent empty is not what was never there.
  const same =
    semanticEqual(configMap.binaryData, old.binaryData) && sentEmptyOf(configMap, "binaryData") === undefined;
  if (!same) errors.push(forbidden(binaryDataPath, immutableMessage));
}
