import { heededFormat } from "../../../../apimachinery/structural/formats.ts";
import { type Props, someSchema } from "../../../../apimachinery/structural/props.ts";
import { goQuote } from "../../../../apimachinery/text/go-quote.ts";
import type { CustomResourceDefinition } from "../../../generated/types/apiextensions-v1.ts";
import { internalSpec, schemasOf } from "./internal.ts";

/** Formats that no validation heeds, and that were not there before. */
export function* unknownFormatWarnings(
  object: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): Generator<string> {
  const before = old === undefined ? [] : unknownFormats(old);
  for (const format of unknownFormats(object)) {
    if (!before.includes(format)) yield `unrecognized format ${goQuote(format)}`;
  }
}

function unknownFormats({ spec }: CustomResourceDefinition): readonly string[] {
  const found: string[] = [];
  for (const schema of schemasOf(internalSpec(spec))) someSchema(schema, (props) => note(props, found));
  return found;
}

function note({ type, format }: Props, found: string[]): boolean {
  if (format && heededFormat(type, format) === "") found.push(format);
  return false;
}
