import { stringifyJson } from "../json/strict-json.ts";
import type { ApiObject } from "../resource/object.ts";

export interface Encoded {
  /** UTF-8 JSON without `metadata.resourceVersion`. */
  readonly bytes: Buffer;
  /** Offset right after `"metadata":{`, where `"resourceVersion":"N",` goes when the object is served: metadata holds a name. */
  readonly splitAt: number;
}

const metadataHead = '"metadata":{';

/**
 * Encodes an object as it is stored: `{"kind":…,"apiVersion":…,"metadata":{…},` and then the rest. The resource version is
 * what the store gives it, so it is left out and spliced in when the object is served.
 */
export function encodeObject(object: ApiObject): Encoded {
  const { kind, apiVersion, metadata } = object;
  const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},${metadataHead}`;
  const metadataText = JSON.stringify(
    metadata.resourceVersion === undefined ? metadata : { ...metadata, resourceVersion: undefined },
  );
  let text = head + metadataText.slice(1);
  for (const name in object) {
    if (name === "kind" || name === "apiVersion" || name === "metadata") continue;
    const value = object[name as keyof ApiObject] as unknown;
    if (value !== undefined) text += `,${JSON.stringify(name)}:${stringifyJson(value)}`;
  }
  return { bytes: Buffer.from(`${text}}`, "utf8"), splitAt: Buffer.byteLength(head) };
}

/** Finds `splitAt` again in bytes that {@link encodeObject} made. */
export function splitOf(bytes: Buffer): number {
  // Kind and API version come before it, and a quote within them is escaped: the first match is the object's own.
  const at = bytes.indexOf(metadataHead);
  if (at < 0) throw new Error("the bytes of a stored object begin with its metadata");
  return at + metadataHead.length;
}
