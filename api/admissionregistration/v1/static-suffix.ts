import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";

const suffix = ".static.k8s.io";

/** Names that configurations read from files have (pkg/apis/admissionregistration/validation WarningsForStaticSuffix). */
export function warnOfStaticSuffix({ metadata }: ApiObject): readonly string[] {
  if (!metadata.name?.endsWith(suffix)) return [];
  return [
    `metadata.name: names ending with ${goQuote(suffix)} are reserved for static manifest-based configurations and cannot be managed via the API`,
  ];
}
