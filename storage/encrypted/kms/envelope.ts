import { createHash } from "node:crypto";
import { LruMap, type Random } from "../../../base/mod.ts";
import { aesGcm, derivedKeyGcm } from "../aes-gcm.ts";
import { UnreadableValueError, type ValueTransformer } from "../value-transformer.ts";
import type { KeySource } from "./key-source.ts";
import { decodeEncryptedObject, dekSource, type EncryptedObject, encodeEncryptedObject } from "./messages.ts";
import type { KeyManagementPlugin } from "./plugin.ts";
import { checkEncryptedObject } from "./rules.ts";

/** One a key of the plugin and start of a server: a few, however many values there are. */
const maxKeys = 1_000;

/**
 * Values encrypted with a key that a KMS plugin has encrypted in its turn, and that lies beside them: `k8s:enc:kms:v2:NAME:`
 * in a store. The plugin is asked once a key, not once a value.
 */
export function envelope(source: KeySource, plugin: KeyManagementPlugin, random: Random): ValueTransformer {
  /** By what tells keys apart: their encrypted form and who can decrypt it. */
  const keys = new LruMap<string, ValueTransformer>(maxKeys);
  const asked = new Map<string, Promise<ValueTransformer>>();

  const fetched = async (id: string, object: EncryptedObject): Promise<ValueTransformer> => {
    const { keyId, annotations, encryptedDekSource: ciphertext } = object;
    const key = await plugin.decrypt({ ciphertext, keyId, annotations }).catch((cause: Error) => {
      throw new UnreadableValueError(`failed to decrypt DEK, error: ${cause.message}`, { cause });
    });
    const transformer =
      object.encryptedDekSourceType === dekSource.seed ? derivedKeyGcm(key, random) : aesGcm(key, random);
    keys.set(id, transformer);
    return transformer;
  };
  const keyOf = (object: EncryptedObject): ValueTransformer | Promise<ValueTransformer> => {
    const id = identityOf(object);
    const known = keys.get(id);
    if (known !== undefined) return known;
    const waiting = asked.get(id) ?? fetched(id, object).finally(() => asked.delete(id));
    asked.set(id, waiting);
    return waiting;
  };

  return {
    toStore(value, key) {
      const current = source.writeKey();
      keys.set(identityOf(current.source), current.transformer);
      return encodeEncryptedObject({ ...current.source, encryptedData: current.transformer.toStore(value, key) });
    },
    fromStore(stored, key) {
      const object = readObject(stored);
      const stale = object.keyId !== source.latest?.source.keyId || object.encryptedDekSourceType !== dekSource.seed;
      const read = async (transformer: ValueTransformer) => {
        const { value } = await transformer.fromStore(object.encryptedData, key);
        return { value, stale };
      };
      const transformer = keyOf(object);
      if (transformer instanceof Promise) return transformer.then(read);
      const decoded = transformer.fromStore(object.encryptedData, key);
      return decoded instanceof Promise ? read(transformer) : { value: decoded.value, stale };
    },
  };
}

function readObject(stored: Uint8Array): EncryptedObject {
  try {
    const object = decodeEncryptedObject(stored);
    checkEncryptedObject(object);
    return object;
  } catch (cause) {
    throw new UnreadableValueError((cause as Error).message, { cause });
  }
}

function identityOf(source: Omit<EncryptedObject, "encryptedData">): string {
  const identity = encodeEncryptedObject({ ...source, encryptedData: new Uint8Array(0) });
  return createHash("sha256").update(identity).digest("base64");
}
