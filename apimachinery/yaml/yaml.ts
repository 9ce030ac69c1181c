import { DUMP_SCHEMA, defineScalarTag, dump, NOT_RESOLVED, parseEvents } from "js-yaml";
import type { JsonValue } from "../json/json.ts";
import { hasDuplicateKeys, JsonSyntaxError, parseJson } from "../json/strict-json.ts";
import { compose, type YamlValue } from "./compose.ts";
import { YamlError, yamlErrorOf } from "./yaml-error.ts";

export { YamlError } from "./yaml-error.ts";

export interface ParsedYaml {
  /** Of repeated keys the last counts. Integers beyond 2^53 are bigints, as parseJson leaves them. */
  readonly value: JsonValue;
  /**
   * What strict reading says of repeated keys: one text for all of them (`yaml: unmarshal errors:\n  line 3: key "a" already
   * set in map`), or none.
   */
  readonly duplicates: readonly string[];
}

/** Characters of one text; the body of a request ends far below. */
const maxLength = 64 * 1024 * 1024;
/** js-yaml's own limit; what aliases add is limited where documents are composed. */
const maxDepth = 1000;

/** Reads the first document of a text as sigs.k8s.io/yaml does: YAML 1.1, of which JSON is a part. Throws YamlError. */
export function parseYaml(text: string): ParsedYaml {
  if (text.length > maxLength) throw new YamlError("yaml: input is too large");
  const json = parseAsJson(text);
  if (json !== undefined) return { value: json, duplicates: [] };
  try {
    const { value, repeated } = compose(text, parseEvents(text, { maxDepth }));
    const duplicates = repeated.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${repeated.join("\n  ")}`];
    return { value: value as JsonValue, duplicates };
  } catch (error) {
    throw yamlErrorOf(error, text);
  }
}

/** Most YAML that programs send is JSON, which is read much faster as such. */
function parseAsJson(text: string): JsonValue | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const parsed = parseJson(text);
    return hasDuplicateKeys(parsed) ? undefined : parsed.value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

/**
 * The documents of a text, split at lines of `---`, unparsed; those without anything but blanks and comments are left out
 * (apimachinery/pkg/util/yaml).
 */
export function splitYamlDocuments(text: string): readonly string[] {
  return text.split(/^---[ \t]*(?:#.*)?\r?$/m).filter((document) => /^[ \t]*[^ \t\r\n#]/m.test(document));
}

/** Texts that some YAML reader takes for an integer, also in base 60 (`1:20`): printed between quotes. */
const integerForm = /^[-+]?(0[box][0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])*)$/;

const bigintTag = defineScalarTag<bigint>("tag:yaml.org,2002:int", {
  // From 10^21 on numbers print with an exponent, which makes them floats.
  identify: (value: unknown) =>
    typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 1e21),
  represent: (value: unknown) => String(value),
  implicit: true,
  implicitFirstChars: [..."-+0123456789"],
  resolve: (source) => (integerForm.test(source) ? 0n : NOT_RESOLVED),
});
const schema = DUMP_SCHEMA.withTags(bigintTag);

/** An object as YAML, as kubectl and the server print it: keys sorted, lists not indented, nothing folded. */
export function dumpYaml(value: unknown): string {
  return dump(value as YamlValue, {
    schema,
    sortKeys: true,
    seqNoIndent: true,
    noRefs: true,
    lineWidth: -1,
    quoteStyle: "double",
    skipInvalid: true,
  });
}
