import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, required, tooLong } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { rangeMessage } from "../../../apimachinery/validation/messages.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { addInlineVolumeErrors } from "../../core/v1/persistent-volume-validation.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/storage-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { addMessages } from "../../validation.ts";
import { addDriverNameErrors } from "./validation.ts";

// Rules: pkg/apis/storage/validation ValidateVolumeAttachment.

export type VolumeAttachment = types.VolumeAttachment;

const specPath = path("spec");
const sourcePath = specPath.child("source");
const statusPath = path("status");
const maxMetadataBytes = 256 * 1024;
const maxMessageBytes = 1024;

export const VolumeAttachment = defineBuiltIn<VolumeAttachment>("storage.k8s.io/v1/volumeattachments", {
  returnDeletedObject: true,
  unconditionalUpdate: false,
  keeps: { status: [["metadata"]] },
  columns: [
    nameColumn,
    { ...textColumn("Attacher", ({ spec }: VolumeAttachment) => spec.attacher), format: "name" },
    textColumn("PV", ({ spec }) => spec.source?.persistentVolumeName ?? ""),
    textColumn("Node", ({ spec }) => spec.nodeName),
    { name: "Attached", type: "boolean", cell: ({ status }) => status.attached ?? false },
    ageColumn,
  ],
  validate({ spec, status }, old) {
    const errors: FieldError[] = [];
    addDriverNameErrors(errors, spec.attacher ?? "", specPath.child("attacher"));
    addSourceErrors(errors, spec.source ?? {});
    const node = spec.nodeName ?? "";
    addMessages(errors, nameIsDNSSubdomain(node, false), specPath.child("nodeName"), node);
    addStatusErrors(errors, status);
    const volume = spec.source?.persistentVolumeName;
    if (volume !== undefined) {
      const place = path("spec.source.persistentVolumeName");
      addMessages(errors, nameIsDNSSubdomain(volume, false), place, volume);
    }
    if (old !== undefined && !semanticEqual(spec, old.spec)) {
      errors.push(invalid(specPath, internalValue("VolumeAttachmentSpec", spec), "field is immutable"));
    }
    return errors;
  },
});

function addSourceErrors(errors: FieldError[], source: types.VolumeAttachmentSource): void {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source;
  const detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (inline === undefined && name === undefined) errors.push(required(sourcePath, detail));
  else if (inline !== undefined && name !== undefined) errors.push(forbidden(sourcePath, detail));
  else if (name === "") {
    errors.push(required(sourcePath.child("persistentVolumeName"), "must specify non empty persistentVolumeName"));
  } else if (inline !== undefined) addInlineVolumeErrors(errors, inline, sourcePath.child("inlineVolumeSpec"));
}

function addStatusErrors(errors: FieldError[], status: types.VolumeAttachmentStatus): void {
  let size = 0;
  for (const [key, value] of Object.entries(status.attachmentMetadata ?? {})) {
    size += byteLength(key) + byteLength(value);
  }
  if (size > maxMetadataBytes) errors.push(tooLong(statusPath.child("attachmentMetadata"), maxMetadataBytes));
  for (const field of ["attachError", "detachError"] as const) {
    const error = status[field];
    if (error === undefined) continue;
    if (byteLength(error.message ?? "") > maxMessageBytes) {
      errors.push(tooLong(statusPath.child(field, "message"), maxMetadataBytes));
    }
    if (error.errorCode !== undefined && error.errorCode < 0) {
      errors.push(invalid(statusPath.child(field, "errorCode"), error.errorCode, rangeMessage(0, 2147483647)));
    }
  }
}
