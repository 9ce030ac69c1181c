import { parseJson } from "../../apimachinery/json/strict-json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ServedObject, Unreadable } from "./served-object.ts";

/** Stands where an object would stand that cannot be read, so that nobody takes it for one that is not there. */
class UnreadableObject implements ServedObject {
  readonly revision: number;
  readonly unreadable: Unreadable;

  constructor(revision: number, unreadable: Unreadable) {
    this.revision = revision;
    this.unreadable = unreadable;
  }

  get object(): ApiObject {
    throw this.unreadable.error;
  }

  get byteLength(): number {
    throw this.unreadable.error;
  }

  copyInto(): number {
    throw this.unreadable.error;
  }

  get itemLength(): number {
    throw this.unreadable.listError;
  }

  copyItemInto(): number {
    throw this.unreadable.listError;
  }
}

export function unreadableObject(revision: number, unreadable: Unreadable): ServedObject {
  return new UnreadableObject(revision, unreadable);
}

/** What a decoder of Kubernetes says of bytes that are no object (runtime/serializer/json). */
export function undecodableText(value: Uint8Array): string {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
  try {
    parseJson(text);
  } catch (error) {
    return `couldn't get version/kind; json parse error: ${(error as Error).message}`;
  }
  return `Object 'Kind' is missing in '${text}'`;
}
