import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, tooLong } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { sentEmptyOf } from "../../../apimachinery/schema/sent-empty.ts";
import { isConfigMapKey } from "../../../apimachinery/validation/formats.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { addMessages } from "../../validation.ts";
import { base64Size, maxDataSizeBytes } from "./data-size.ts";
import { addSecretTypeErrors } from "./secret-type.ts";
import { tlsWarnings } from "./secret-warnings.ts";

// Rules: pkg/apis/core/validation/validation.go ValidateSecret, ValidateSecretUpdate; pkg/registry/core/secret/strategy.go.

export type Secret = types.Secret;

const dataPath = path("data");
const immutableMessage = "field is immutable when `immutable` is set";

export const Secret = defineResource<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.core.v1.Secret"),
  columns: [
    nameColumn,
    textColumn("Type", ({ type }) => type ?? ""),
    { name: "Data", type: "string", cell: ({ data }) => Object.keys(data ?? {}).length },
    ageColumn,
  ],
  fieldSelectors: { type: ({ type }) => type ?? "" },
  setDefaults: changing(moveStringData),
  validate,
  warnings: tlsWarnings,
});

/** What a client wrote as text becomes data, in place of data of the same key; the text itself is never kept. */
function moveStringData(secret: Draft<Secret>): void {
  const stringData = secret.stringData;
  if (stringData === undefined) return;
  delete secret.stringData;
  if (Object.keys(stringData).length === 0) return;
  const data: Record<string, string> = { ...secret.data };
  for (const [key, text] of Object.entries(stringData)) data[key] = Buffer.from(text).toString("base64");
  secret.data = data;
}

function validate(secret: Secret, old: Secret | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (old !== undefined) {
    errors.push(...validateImmutableField(secret.type, old.type, path("type")));
    if (old.immutable === true) {
      if (secret.immutable !== true) errors.push(forbidden(path("immutable"), immutableMessage));
      const same = semanticEqual(secret.data, old.data) && sentEmptyOf(secret, "data") === undefined;
      if (!same) errors.push(forbidden(dataPath, immutableMessage));
    }
  }
  const data = secret.data ?? {};
  let sizeBytes = 0;
  for (const key in data) {
    addMessages(errors, isConfigMapKey(key), () => dataPath.key(key), key);
    sizeBytes += base64Size(data[key]);
  }
  if (sizeBytes > maxDataSizeBytes) errors.push(tooLong(dataPath, maxDataSizeBytes));
  addSecretTypeErrors(errors, secret);
  return errors;
}
