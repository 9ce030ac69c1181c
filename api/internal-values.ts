import { objectMetaFields } from "../apimachinery/resource/object-meta-fields.ts";
import { likeSent, sentEmptyOf } from "../apimachinery/schema/sent-empty.ts";
import { compareText } from "../apimachinery/text/go-quote.ts";
import type { PodSpec, PodTemplateSpec } from "./generated/types/core-v1.ts";
import type { LabelSelector } from "./generated/types/meta-v1.ts";
import { goSelector } from "./go-values.ts";
import { internalTypes } from "./internal-types.ts";

// Where a message shows a whole object, upstream prints its internal type: every field, by its name in Go.

export type InternalType = keyof typeof internalTypes;
export type Shown = null | string | number | boolean | readonly Shown[] | { readonly [name: string]: Shown };

interface Field {
  readonly go: string;
  readonly json: string;
  readonly absent: null | "" | false | 0 | "0" | undefined;
  readonly type?: InternalType | "LabelSelector" | "RawExtension";
}
/** A type whose fields stand among the others, or `meta`: those of the object's metadata, as the API has them. */
interface Embedded {
  readonly embedded: InternalType | "meta";
}

const absents = { "": null, $: "", "?": false, "#": 0, "%": "0", "!": undefined } as const;
const pattern = /^(\w+)(?:=(\w+))?([$?#%!]?)(?::(\w+))?$/;
const read = new Map<InternalType, readonly (Field | Embedded)[]>();

function fieldsOf(type: InternalType): readonly (Field | Embedded)[] {
  let fields = read.get(type);
  if (fields === undefined) {
    fields = internalTypes[type].split(" ").map(readField);
    read.set(type, fields);
  }
  return fields;
}

function readField(text: string): Field | Embedded {
  if (text.startsWith("+")) return { embedded: text.slice(1) as Embedded["embedded"] };
  const [, go, json, absent, type] = pattern.exec(text)!;
  return {
    go: go!,
    json: json ?? go!.charAt(0).toLowerCase() + go!.slice(1),
    absent: absents[(absent ?? "") as keyof typeof absents],
    ...(type === undefined ? {} : { type: type as InternalType }),
  };
}

/** An object of the API as upstream's internal type of it, ready for JSON: maps by key. Absent ones and lists are null. */
export function internalValue(type: InternalType, value: unknown): Shown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => internalValue(type, item));
  const shown: Record<string, Shown> = {};
  addFields(shown, type, value as Fields);
  return shown;
}

type Fields = Readonly<Record<string, unknown>>;

function addFields(shown: Record<string, Shown>, type: InternalType, value: Fields): void {
  for (const field of fieldsOf(type)) {
    if (!("embedded" in field))
      shown[field.go] = fieldValue(field, value[field.json] ?? sentEmptyOf(value, field.json));
    else if (field.embedded === "meta") addMetadata(shown, value["metadata"] as Fields | undefined);
    else addFields(shown, field.embedded, value);
  }
}

function fieldValue({ absent, type }: Field, value: unknown): Shown {
  if (value === undefined && absent !== undefined) return absent;
  if (type === "LabelSelector") return (goSelector(value as LabelSelector) ?? null) as Shown;
  // As it was sent.
  if (type === "RawExtension") return (value ?? null) as Shown;
  return type === undefined ? plain(value) : internalValue(type, value ?? {});
}

/** Labels and annotations, which is all that templates of claims may have. */
function addMetadata(shown: Record<string, Shown>, metadata: Fields = {}): void {
  for (const field of ["labels", "annotations"]) {
    if (metadata[field] !== undefined) shown[field] = plain(metadata[field]);
  }
}

function plain(value: unknown): Shown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value as Shown;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => compareText(a, b))) as Shown;
}

/** A pod's spec, whose internal form keeps what it shares with the host in its security context. */
export function internalPodSpec(spec: PodSpec): Shown {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } = spec;

  const securityContext = { ...spec.securityContext, hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  return internalValue(
    "PodSpec",
    likeSent({ ...spec, securityContext: likeSent(securityContext, spec.securityContext) }, spec),
  );
}

/** A template of pods: its metadata, as the API has it, stands beside the spec. */
export function internalPodTemplate({ metadata = {}, spec }: PodTemplateSpec): Shown {
  const shown: Record<string, Shown> = {};
  for (const field of objectMetaFields) {
    const value: unknown = metadata[field];
    if (value !== undefined && value !== null) shown[field] = plain(value);
  }
  return { ...shown, Spec: internalPodSpec(spec ?? { containers: [] }) };
}
