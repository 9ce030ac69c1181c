import { ApiError } from "../apimachinery/errors/api-error.ts";
import { type Clause, clausesOf } from "./accept.ts";

/** `indented` is JSON for people. */
export type Encoding = "json" | "indented" | "yaml" | "protobuf";

/** How an answer is wanted: in which encoding, and as the object itself or as something made of it. */
export interface Output {
  readonly encoding: Encoding;
  readonly as: "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  /** `v1` or `v1beta1` of meta.k8s.io, where `as` is something else. */
  readonly version: string;
  /** What else the client takes, for what has no table. */
  readonly instead?: Output;
}

const json: Output = { encoding: "json", as: "object", version: "v1" };

const encodings: ReadonlyMap<string, Encoding> = new Map<string, Encoding>(
  Object.entries({
    "application/json": "json",
    "application/*": "json",
    "*/*": "json",
    "application/yaml": "yaml",
    "application/vnd.kubernetes.protobuf": "protobuf",
  } as const),
);

export const accepted: readonly string[] = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
];

const remembered = new Map<string, Output>();
const rememberedMax = 256;

/**
 * The first clause of an Accept header that the server can satisfy, by quality (apiserver/pkg/endpoints/handlers/negotiation).
 * Throws NotAcceptable where there is none.
 */
export function negotiate(accept: string | undefined): Output {
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") {
    return json;
  }
  let output = remembered.get(accept);
  if (output === undefined) {
    output = choose(accept);
    if (remembered.size >= rememberedMax) {
      remembered.clear();
    }
    remembered.set(accept, output);
  }
  return output;
}

/** What a browser and command-line tools say of themselves: there a person reads. */
const readers = ["curl", "Wget", "Mozilla/5.0"];
const yes: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);

/** JSON is indented where `?pretty=` asks for it, and for people where it says nothing (negotiation.isPrettyPrint). */
export function indented(output: Output, pretty: string | null, userAgent: string | undefined): Output {
  if (output.encoding !== "json") return output;
  const wanted = pretty ? yes.has(pretty) : readers.some((name) => userAgent?.startsWith(name));
  return wanted ? { ...output, encoding: "indented" } : output;
}

function choose(accept: string): Output {
  const clauses = clausesOf(accept);
  const output = firstOf(clauses, true);
  if (output === undefined) throw ApiError.notAcceptable(accepted);
  const instead = output.as === "Table" ? firstOf(clauses, false) : undefined;
  return instead === undefined ? output : { ...output, instead };
}

function firstOf(clauses: readonly Clause[], tables: boolean): Output | undefined {
  for (const { mediaType, parameters } of clauses) {
    const encoding = encodings.get(mediaType);
    if (encoding === undefined) {
      continue;
    }
    const as = parameters.get("as");
    if (as === undefined) {
      return { encoding, as: "object", version: "v1" };
    }
    const version = parameters.get("v") ?? "";
    if (parameters.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) {
      continue;
    }
    if (as === "Table" && (!tables || encoding === "protobuf")) {
      continue;
    }
    if (as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") {
      return { encoding, as, version };
    }
  }
  return undefined;
}
