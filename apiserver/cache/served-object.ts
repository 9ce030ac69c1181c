import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { readJson } from "../../apimachinery/json/read-json.ts";
import { stringifyJson } from "../../apimachinery/json/strict-json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { splitOf } from "../../apimachinery/schema/encode.ts";
import { deepFreeze } from "../../apimachinery/schema/freeze.ts";
import type { Entry } from "../../storage/storage.ts";
import { undecodableText, unreadableObject } from "./unreadable-object.ts";

/**
 * An object as it is served at one revision: frozen, and encoded once. The stored form knows nothing of revisions:
 * `"resourceVersion":"N",` is spliced in behind `"metadata":{` once, when the object enters the cache.
 */
export interface ServedObject {
  readonly revision: number;
  /** Why there is nothing but a revision here: what the store holds cannot be read. All the rest throws a Status then. */
  readonly unreadable?: Unreadable | undefined;
  /** Frozen at every depth, `metadata.resourceVersion` set. */
  readonly object: ApiObject;
  /** Length of the JSON that `copyInto` writes. */
  readonly byteLength: number;
  /** Writes the JSON at `offset`; returns the offset behind it. */
  copyInto(target: Buffer, offset: number): number;
  /** Length of what `copyItemInto` writes. */
  readonly itemLength: number;
  /** The same as an item of a list, which does not repeat kind and apiVersion. */
  copyItemInto(target: Buffer, offset: number): number;
}

/** What is answered in place of an object that cannot be read. */
export interface Unreadable {
  /** To whoever asks for it. */
  readonly error: ApiError;
  /** To whoever asks for many. */
  readonly listError: ApiError;
  /** The same for logs: nothing of what is stored. */
  readonly reason: string;
}

export interface StoredEncoding {
  /** Without a resourceVersion. */
  readonly bytes: Buffer;
  /** Offset right behind `"metadata":{`. */
  readonly splitAt: number;
}

const metadataKeyLength = '"metadata":{'.length;
const openBrace = 0x7b;

class EncodedObject implements ServedObject {
  readonly revision: number;
  readonly bytes: Buffer;
  /** Offset of `"metadata"`: an item of a list is an opening brace and what follows from here. */
  readonly itemFrom: number;
  /** The object, or how to come by it when somebody first asks. */
  #object: ApiObject | (() => ApiObject);

  constructor(revision: number, bytes: Buffer, itemFrom: number, object: ApiObject | (() => ApiObject)) {
    this.revision = revision;
    this.bytes = bytes;
    this.itemFrom = itemFrom;
    this.#object = object;
  }

  get object(): ApiObject {
    if (typeof this.#object === "function") {
      this.#object = this.#object();
    }
    return this.#object;
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  copyInto(target: Buffer, offset: number): number {
    return offset + this.bytes.copy(target, offset);
  }

  get itemLength(): number {
    return this.bytes.length - this.itemFrom + 1;
  }

  copyItemInto(target: Buffer, offset: number): number {
    target[offset] = openBrace;
    return offset + 1 + this.bytes.copy(target, offset + 1, this.itemFrom);
  }
}

/** What is spliced in, and begins the metadata of every encoding here that has a revision. */
const splice = (revision: number): string => `"resourceVersion":"${revision}",`;

/** `bytes` with the splice of `revision` in place of what stands from `splitAt` to `restFrom`. */
function spliced(
  bytes: Buffer,
  splitAt: number,
  restFrom: number,
  revision: number,
  object: ApiObject | (() => ApiObject),
): EncodedObject {
  const part = splice(revision);
  const whole = Buffer.allocUnsafeSlow(splitAt + part.length + bytes.length - restFrom);
  bytes.copy(whole, 0, 0, splitAt);
  const at = splitAt + whole.write(part, splitAt, "latin1");
  bytes.copy(whole, at, restFrom);
  return new EncodedObject(revision, whole, splitAt - metadataKeyLength, object);
}

/** From what the store holds; decoded when somebody first reads `object`. */
export function servedFromStore(value: Uint8Array, revision: number): ServedObject {
  const stored = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const splitAt = splitOf(stored);
  const served: EncodedObject = spliced(stored, splitAt, splitAt, revision, () =>
    deepFreeze(readJson(served.bytes.toString("utf8")) as ApiObject),
  );
  return served;
}

/** Whether its object is made at once, or when somebody first asks for it. */
export type Decoding = "now" | "later";

/** From what is read of the store, which may not be what this server writes: what is no object is unreadable. */
export function servedFromEntry(entry: Entry, decoding: Decoding = "later"): ServedObject {
  const { value, modRevision, unreadable } = entry;
  if (unreadable !== undefined) {
    const { cause } = unreadable;
    const reason = cause instanceof Error ? cause : unreadable;
    const error = ApiError.internal(reason);
    return unreadableObject(modRevision, { error, listError: ApiError.internal(unreadable), reason: reason.message });
  }
  try {
    const served = servedFromStore(value, modRevision);
    const { kind, apiVersion, metadata } = decoding === "now" ? served.object : parsed(served as EncodedObject);
    if (typeof kind === "string" && typeof apiVersion === "string" && typeof metadata.name === "string") return served;
  } catch {
    // Told below, in the words that clients know.
  }
  const error = ApiError.from(new Error(undecodableText(value)));
  return unreadableObject(modRevision, { error, listError: error, reason: "the stored bytes are no object" });
}

function parsed({ bytes }: EncodedObject): ApiObject {
  return readJson(bytes.toString("utf8")) as ApiObject;
}

/** From an object that was just written under `revision` and its stored encoding. Freezes the object. */
export function servedFromWrite(object: ApiObject, encoding: StoredEncoding, revision: number): ServedObject {
  const versioned = object as { metadata: { resourceVersion?: string } };
  versioned.metadata.resourceVersion = String(revision);
  return spliced(encoding.bytes, encoding.splitAt, encoding.splitAt, revision, deepFreeze(object));
}

/**
 * An object that is not in the store: the answer of a dry run, a review, a scale, another version of a stored object.
 * It keeps whatever `metadata.resourceVersion` it carries. Freezes the object.
 */
export function servedFromValue(object: ApiObject): ServedObject {
  const bytes = Buffer.from(stringifyJson(inWireOrder(object)));
  // Without metadata of its own, the first match would be that of a template below it.
  const itemFrom = object.metadata ? bytes.indexOf('"metadata":{') : 1;
  return new EncodedObject(Number(object.metadata?.resourceVersion ?? 0) || 0, bytes, itemFrom, deepFreeze(object));
}

/** Kind, version and metadata first, and in that the resourceVersion. */
function inWireOrder({ kind, apiVersion, metadata, ...rest }: ApiObject): object {
  const { resourceVersion, ...others } = metadata ?? {};
  return { kind, apiVersion, metadata: resourceVersion ? { resourceVersion, ...others } : metadata, ...rest };
}

/** The same object at another revision: what a DELETED event shows. Shares all but the metadata with the original. */
export function servedAtRevision(served: ServedObject, revision: number): ServedObject {
  if (served.unreadable !== undefined) return unreadableObject(revision, served.unreadable);
  const { bytes, itemFrom, revision: before } = served as EncodedObject;
  const splitAt = itemFrom + metadataKeyLength;
  return spliced(bytes, splitAt, splitAt + splice(before).length, revision, () => {
    const { object } = served;
    const metadata = Object.freeze({ ...object.metadata, resourceVersion: String(revision) });
    return Object.freeze({ ...object, metadata });
  });
}

const converted = new WeakMap<ServedObject, Map<ResourceDefinition, ServedObject>>();

/** The object in the version that `definition` serves: itself where that is the stored one, else converted once. */
export function servedAs(stored: ServedObject, definition: ResourceDefinition): ServedObject {
  if (definition.storedAs === undefined || stored.unreadable !== undefined) {
    return stored;
  }
  let versions = converted.get(stored);
  if (versions === undefined) {
    versions = new Map();
    converted.set(stored, versions);
  }
  let served = versions.get(definition);
  if (served === undefined) {
    const object = definition.storedAs.fromStored(stored.object);
    served = object === stored.object ? stored : servedFromValue(object);
    versions.set(definition, served);
  }
  return served;
}
