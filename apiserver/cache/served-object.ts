import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { encodeObject, splitOf } from "../../apimachinery/schema/encode.ts";
import { deepFreeze } from "../../apimachinery/schema/freeze.ts";

/**
 * An object as it is served at one revision: frozen, and encoded once. What is encoded is the stored form, which knows
 * nothing of revisions; `"resourceVersion":"N",` is spliced in behind `"metadata":{` while the bytes are copied out.
 */
export interface ServedObject {
  readonly revision: number;
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

const splice = (revision: number): string => `"resourceVersion":"${revision}",`;

const itemHead = '{"metadata":{';

class EncodedObject implements ServedObject {
  readonly revision: number;
  readonly bytes: Buffer;
  readonly splitAt: number;
  /** The object, or how to come by it when somebody first asks. */
  #object: ApiObject | (() => ApiObject);

  constructor(revision: number, bytes: Buffer, splitAt: number, object: ApiObject | (() => ApiObject)) {
    this.revision = revision;
    this.bytes = bytes;
    this.splitAt = splitAt;
    this.#object = object;
  }

  get object(): ApiObject {
    if (typeof this.#object === "function") {
      this.#object = this.#object();
    }
    return this.#object;
  }

  get byteLength(): number {
    return this.bytes.length + (this.revision === 0 ? 0 : splice(this.revision).length);
  }

  get itemLength(): number {
    return this.splitAt === 0 ? this.byteLength : this.byteLength - this.splitAt + itemHead.length;
  }

  copyItemInto(target: Buffer, offset: number): number {
    if (this.splitAt === 0) {
      return this.copyInto(target, offset);
    }
    let at = offset + target.write(itemHead, offset, "latin1");
    at += target.write(splice(this.revision), at, "latin1");
    return at + this.bytes.copy(target, at, this.splitAt);
  }

  copyInto(target: Buffer, offset: number): number {
    if (this.revision === 0) {
      return offset + this.bytes.copy(target, offset);
    }
    let at = offset + this.bytes.copy(target, offset, 0, this.splitAt);
    at += target.write(splice(this.revision), at, "latin1");
    return at + this.bytes.copy(target, at, this.splitAt);
  }
}

function parse(bytes: Buffer, revision: number): ApiObject {
  const object = JSON.parse(bytes.toString("utf8")) as { metadata: { resourceVersion?: string } };
  if (revision !== 0) {
    object.metadata.resourceVersion = String(revision);
  }
  return deepFreeze(object) as unknown as ApiObject;
}

/** From what the store holds; decoded when somebody first reads `object`. */
export function servedFromStore(value: Uint8Array, revision: number): ServedObject {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return new EncodedObject(revision, bytes, splitOf(bytes), () => parse(bytes, revision));
}

/** From an object that was just written under `revision` and its stored encoding. Freezes the object. */
export function servedFromWrite(object: ApiObject, encoded: StoredEncoding, revision: number): ServedObject {
  const versioned = object as { metadata: { resourceVersion?: string } };
  versioned.metadata.resourceVersion = String(revision);
  return new EncodedObject(revision, encoded.bytes, encoded.splitAt, deepFreeze(object));
}

export interface StoredEncoding {
  readonly bytes: Buffer;
  readonly splitAt: number;
}

/**
 * An object that is not in the store: the answer of a dry run, a review, a scale, another version of a stored object.
 * It keeps whatever `metadata.resourceVersion` it carries. Freezes the object.
 */
export function servedFromValue(object: ApiObject): ServedObject {
  const resourceVersion = object.metadata?.resourceVersion;
  if (resourceVersion === undefined || !/^[1-9][0-9]*$/.test(resourceVersion)) {
    const bytes = Buffer.from(JSON.stringify(object));
    return new EncodedObject(0, bytes, 0, deepFreeze(object));
  }
  const { resourceVersion: _, ...metadata } = object.metadata;
  const encoded = encodeObject({ ...object, metadata });
  return new EncodedObject(Number(resourceVersion), encoded.bytes, encoded.splitAt, deepFreeze(object));
}

/** The same stored bytes at another revision: what a DELETED event shows. Shares all but the metadata with the original. */
export function servedAtRevision(served: ServedObject, revision: number): ServedObject {
  const { bytes, splitAt } = served as EncodedObject;
  return new EncodedObject(revision, bytes, splitAt, () => {
    const { object } = served;
    return Object.freeze({
      ...object,
      metadata: Object.freeze({ ...object.metadata, resourceVersion: String(revision) }),
    });
  });
}

const converted = new WeakMap<ServedObject, Map<ResourceDefinition, ServedObject>>();

/** The object in the version that `definition` serves: itself where that is the stored one, else converted once. */
export function servedAs(stored: ServedObject, definition: ResourceDefinition): ServedObject {
  if (definition.storedAs === undefined) {
    return stored;
  }
  let versions = converted.get(stored);
  if (versions === undefined) {
    versions = new Map();
    converted.set(stored, versions);
  }
  let served = versions.get(definition);
  if (served === undefined) {
    served = servedFromValue(definition.storedAs.fromStored(stored.object));
    versions.set(definition, served);
  }
  return served;
}
