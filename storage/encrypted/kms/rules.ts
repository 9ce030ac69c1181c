import type { EncryptedObject } from "./messages.ts";

const maxSmallBytes = 1_024;
const maxAnnotationsBytes = 32 * 1_024;
const label = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const qualifiedName = new RegExp(`^${label}(\\.${label})+\\.?$`);

/** Throws what keeps an object from being stored or read (upstream: kmsv2, ValidateEncryptedObject). */
export function checkEncryptedObject(object: EncryptedObject): void {
  if (object.encryptedDekSourceType !== 0 && object.encryptedDekSourceType !== 1)
    throw new Error(`unknown encryptedDEKSourceType: ${object.encryptedDekSourceType}`);
  if (object.encryptedData.byteLength === 0) throw new Error("encrypted data is empty");
  const { byteLength } = object.encryptedDekSource;
  const ofSource = "failed to validate encrypted DEK source: encrypted DEK source is";
  if (byteLength === 0) throw new Error(`${ofSource} empty`);
  if (byteLength > maxSmallBytes)
    throw new Error(`${ofSource} ${byteLength} bytes, which exceeds the max size of ${maxSmallBytes}`);
  checkKeyId(object.keyId);
  checkAnnotations(object.annotations);
}

export function checkKeyId(keyId: string): void {
  const { byteLength } = Buffer.from(keyId);
  if (byteLength === 0) throw new Error("failed to validate key id: keyID is empty");
  if (byteLength > maxSmallBytes)
    throw new Error(
      `failed to validate key id: keyID is ${byteLength} bytes, which exceeds the max size of ${maxSmallBytes}`,
    );
}

function checkAnnotations(annotations: EncryptedObject["annotations"]): void {
  let total = 0;
  for (const [name, value] of Object.entries(annotations)) {
    if (name.length > 253 || !qualifiedName.test(name))
      throw new Error(
        `failed to validate annotations: ${JSON.stringify(name)} should be a fully qualified domain name`,
      );
    total += Buffer.byteLength(name) + value.byteLength;
  }
  if (total > maxAnnotationsBytes)
    throw new Error(
      `failed to validate annotations: total size of annotations is ${total}, which exceeds the max size of ${maxAnnotationsBytes}`,
    );
}
