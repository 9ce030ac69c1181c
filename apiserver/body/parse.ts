import { decodeProtobuf, isProtobuf } from "../../api/protobuf.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { JsonValue } from "../../apimachinery/json/json.ts";
import { parseJson } from "../../apimachinery/json/strict-json.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { byKeys, inTextOrder } from "./strict-problems.ts";

/** What a body holds, before anybody has asked which kind it is. */
export interface ParsedBody {
  readonly value: JsonValue;
  /**
   * What strict decoding says of fields that stand twice, in the words of the body's format. `keys` is how many the reader
   * has met, fewer than the text has where one does.
   */
  duplicates(keys: number): readonly string[];
  /** The same together with the fields that a kind of its own types does not know, in the order of the body's format. */
  problems(keys: number, unknown: readonly string[]): readonly string[];
}

/** What was no text: nothing in it stands twice. */
export function withoutText(value: JsonValue): ParsedBody {
  return { value, duplicates: () => [], problems: (_, unknown) => unknown };
}

export const acceptedBodies = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"] as const;

/**
 * Reads a body of one of the accepted media types; an absent type is JSON. Throws UnsupportedMediaType on another, and what
 * the parser says on text that is none (`SyntaxError`, worded as Go words it).
 */
export function parseBody(body: Buffer, contentType: string | undefined): ParsedBody {
  if (isJson(contentType)) return fromJson(body);
  switch (mediaTypeOf(contentType)) {
    case "application/yaml":
    case "application/apply-patch+yaml":
      return fromYaml(body);
    case "application/vnd.kubernetes.protobuf":
      if (!isProtobuf(body)) {
        throw new SyntaxError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
      }
      return withoutText(decodeProtobuf(body));
    default:
      throw ApiError.unsupportedMediaType(acceptedBodies);
  }
}

const jsonTypes: ReadonlySet<string> = new Set(["", "*/*", "application/json"]);

/** Whether a body of this type is read as JSON. */
export function isJson(contentType: string | undefined): boolean {
  return jsonTypes.has(mediaTypeOf(contentType));
}

function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

function fromJson(body: Buffer): ParsedBody {
  const text = body.toString("utf8");
  const parsed = parseJson(text);
  const duplicates = (walked: number): readonly string[] =>
    parsed.duplicates(walked).map((field) => `duplicate field ${goQuote(field)}`);
  const problems: ParsedBody["problems"] = (walked, unknown) =>
    parsed.duplicates(walked).length === 0 ? unknown : inTextOrder(text, unknown);
  return { value: parsed.value, duplicates, problems };
}

function fromYaml(body: Buffer): ParsedBody {
  const { value, duplicates } = parseYaml(body.toString("utf8"));
  return { value, duplicates: () => duplicates, problems: (_, unknown) => [...duplicates, ...byKeys(unknown)] };
}
