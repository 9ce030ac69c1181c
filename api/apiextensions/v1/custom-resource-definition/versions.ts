import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { invalid, jsonText, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { isPrintable } from "../../../../apimachinery/text/go-quote.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceSubresources,
} from "../../../generated/types/apiextensions-v1.ts";

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

/** A column of `kubectl get`. */
export function* columnErrors(column: CustomResourceColumnDefinition, place: Path): Generator<FieldError> {
  if (!column.name) yield required(place.child("name"));
  const oneOf = `must be one of ${columnTypes.join(",")}`;
  if (!column.type) yield required(place.child("type"), oneOf);
  else if (!columnTypes.includes(column.type)) yield invalid(place.child("type"), column.type, oneOf);
  if (column.format && !columnFormats.includes(column.format)) {
    yield invalid(place.child("format"), column.format, `must be one of ${columnFormats.join(",")}`);
  }
  const at = place.child("JSONPath");
  if (!column.jsonPath) yield required(at);
  else if (!column.jsonPath.startsWith(".")) yield invalid(at, column.jsonPath, notSimple);
}

const notSimple = "must be a simple json path starting with .";

export function* subresourceErrors(
  subresources: CustomResourceSubresources | undefined,
  place: Path,
): Generator<FieldError> {
  const scale = subresources?.scale;
  if (scale === undefined) return;
  yield* scalePathErrors(scale.specReplicasPath, ["spec"], place.child("scale.specReplicasPath"), "under .spec");
  yield* scalePathErrors(
    scale.statusReplicasPath,
    ["status"],
    place.child("scale.statusReplicasPath"),
    "under .status",
  );
  if (scale.labelSelectorPath) {
    const at = place.child("scale.labelSelectorPath");
    yield* scalePathErrors(scale.labelSelectorPath, ["spec", "status"], at, "under either .spec or .status");
  }
}

function* scalePathErrors(
  text: string | undefined,
  roots: readonly string[],
  place: Path,
  where: string,
): Generator<FieldError> {
  if (!text) {
    yield required(place);
    return;
  }
  if (!text.startsWith(".")) yield invalid(place, text, notSimple);
  else if (!roots.some((root) => text.startsWith(`.${root}.`)))
    // That of the selector stands behind a pointer.
    yield invalid(place, roots.length > 1 ? jsonText(text) : text, `should be a json path ${where}`);
}

/** Texts of what is wrong with a version's warning. */
export function* deprecationProblems(deprecated: boolean, warning: string | undefined): Generator<string> {
  if (warning === undefined) return;
  if (!deprecated) {
    yield "can only be set for deprecated versions";
    return;
  }
  if (Buffer.byteLength(warning) > 256) yield "must be <= 256 characters long";
  if (warning === "") yield "must not be an empty string";
  let index = 0;
  for (const character of warning) {
    if (!isPrintable(character)) {
      yield `must only contain printable UTF-8 characters; non-printable character found at index ${index}`;
      break;
    }
    index += Buffer.byteLength(character);
  }
}
