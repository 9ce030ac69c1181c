/**
 * The messages of KMS v2 with their field numbers: what a plugin is asked (k8s.io/kms/apis/v2/api.proto), and what is stored
 * (apiserver/pkg/storage/value/encrypt/envelope/kmsv2/v2/api.proto).
 */
import { decodeInto, MessageWriter, readBytes } from "../../protobuf.ts";

type Annotations = Readonly<Record<string, Uint8Array>>;

export interface StatusResponse {
  version: string;
  healthz: string;
  keyId: string;
}
export interface EncryptResponse {
  ciphertext: Uint8Array;
  keyId: string;
  annotations: Annotations;
}
export interface DecryptRequest {
  readonly ciphertext: Uint8Array;
  readonly uid: string;
  readonly keyId: string;
  readonly annotations: Annotations;
}
/** What the plaintext of `encryptedDekSource` is: the key itself, or the seed of keys. */
export const dekSource = { aesGcmKey: 0, seed: 1 } as const;

export interface EncryptedObject {
  encryptedData: Uint8Array;
  keyId: string;
  encryptedDekSource: Uint8Array;
  annotations: Annotations;
  encryptedDekSourceType: number;
}

const none: Uint8Array = new Uint8Array(0);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function decodeStatus(bytes: Uint8Array): StatusResponse {
  return decodeInto<StatusResponse>({ version: "", healthz: "", keyId: "" }, bytes, {
    1: (reader, message) => {
      message.version = reader.string();
    },
    2: (reader, message) => {
      message.healthz = reader.string();
    },
    3: (reader, message) => {
      message.keyId = reader.string();
    },
  });
}

export function encodeEncrypt(plaintext: Uint8Array, uid: string): Uint8Array {
  return new MessageWriter().bytes(1, plaintext).bytes(2, utf8(uid)).finish();
}

export function decodeEncrypt(bytes: Uint8Array): EncryptResponse {
  return decodeInto<EncryptResponse>({ ciphertext: none, keyId: "", annotations: {} }, bytes, {
    1: (reader, message) => {
      message.ciphertext = readBytes(reader);
    },
    2: (reader, message) => {
      message.keyId = reader.string();
    },
    3: (reader, message) => {
      message.annotations = { ...message.annotations, ...annotationOf(reader.bytes()) };
    },
  });
}

export function encodeDecrypt({ ciphertext, uid, keyId, annotations }: DecryptRequest): Uint8Array {
  const writer = new MessageWriter().bytes(1, ciphertext).bytes(2, utf8(uid)).bytes(3, utf8(keyId));
  return withAnnotations(writer, annotations).finish();
}

export function decodeDecrypt(bytes: Uint8Array): Uint8Array {
  return decodeInto({ plaintext: none }, bytes, {
    1: (reader, message) => {
      message.plaintext = readBytes(reader);
    },
  }).plaintext;
}

export function encodeEncryptedObject(object: EncryptedObject): Uint8Array {
  const writer = new MessageWriter()
    .bytes(1, object.encryptedData)
    .bytes(2, utf8(object.keyId))
    .bytes(3, object.encryptedDekSource);
  return withAnnotations(writer, object.annotations).int(5, object.encryptedDekSourceType).finish();
}

export function decodeEncryptedObject(bytes: Uint8Array): EncryptedObject {
  const empty = {
    encryptedData: none,
    keyId: "",
    encryptedDekSource: none,
    annotations: {},
    encryptedDekSourceType: 0,
  };
  return decodeInto<EncryptedObject>(empty, bytes, {
    1: (reader, message) => {
      message.encryptedData = reader.bytes();
    },
    2: (reader, message) => {
      message.keyId = reader.string();
    },
    3: (reader, message) => {
      message.encryptedDekSource = readBytes(reader);
    },
    4: (reader, message) => {
      message.annotations = { ...message.annotations, ...annotationOf(reader.bytes()) };
    },
    5: (reader, message) => {
      message.encryptedDekSourceType = reader.int32();
    },
  });
}

/** All annotations have field 4 where they are sent or stored, in the order of their names: one object has one encoding. */
function withAnnotations(writer: MessageWriter, annotations: Annotations): MessageWriter {
  for (const name of Object.keys(annotations).sort()) {
    writer.message(4, new MessageWriter().bytes(1, utf8(name)).bytes(2, annotations[name]!).finish());
  }
  return writer;
}

function annotationOf(bytes: Uint8Array): Annotations {
  const { name, value } = decodeInto({ name: "", value: none }, bytes, {
    1: (reader, message) => {
      message.name = reader.string();
    },
    2: (reader, message) => {
      message.value = readBytes(reader);
    },
  });
  return { [name]: value };
}
