import { decodeInto, MessageWriter, readBytes, readInt } from "../../../storage/protobuf.ts";

// Messages of the service v1.ExternalJWTSigner (k8s.io/externaljwt/apis/v1).

export interface SignJwtResponse {
  /** Base64url of the JSON of the token's header, and of its signature. */
  header: string;
  signature: string;
}

export interface ExternalKey {
  keyId: string;
  /** DER, PKIX. */
  key: Uint8Array;
  excludeFromOidcDiscovery: boolean;
}

export interface FetchKeysResponse {
  keys: ExternalKey[];
  /** Seconds since 1970, with a fraction; undefined where it is not said. */
  dataTimestamp: number | undefined;
  refreshHintSeconds: number;
}

export function encodeSignRequest(claims: string): Uint8Array {
  return new MessageWriter().bytes(1, Buffer.from(claims)).finish();
}

export function decodeSignResponse(bytes: Uint8Array): SignJwtResponse {
  return decodeInto<SignJwtResponse>({ header: "", signature: "" }, bytes, {
    1: (reader, message) => {
      message.header = reader.string();
    },
    2: (reader, message) => {
      message.signature = reader.string();
    },
  });
}

export function decodeFetchKeysResponse(bytes: Uint8Array): FetchKeysResponse {
  return decodeInto<FetchKeysResponse>({ keys: [], dataTimestamp: undefined, refreshHintSeconds: 0 }, bytes, {
    1: (reader, message) => {
      message.keys.push(decodeKey(reader.bytes()));
    },
    2: (reader, message) => {
      message.dataTimestamp = decodeTimestamp(reader.bytes());
    },
    3: (reader, message) => {
      message.refreshHintSeconds = readInt(reader);
    },
  });
}

/** `max_token_expiration_seconds`. */
export function decodeMetadataResponse(bytes: Uint8Array): number {
  return decodeInto({ seconds: 0 }, bytes, {
    1: (reader, message) => {
      message.seconds = readInt(reader);
    },
  }).seconds;
}

function decodeKey(bytes: Uint8Array): ExternalKey {
  return decodeInto<ExternalKey>({ keyId: "", key: new Uint8Array(0), excludeFromOidcDiscovery: false }, bytes, {
    1: (reader, message) => {
      message.keyId = reader.string();
    },
    2: (reader, message) => {
      message.key = readBytes(reader);
    },
    3: (reader, message) => {
      message.excludeFromOidcDiscovery = reader.bool();
    },
  });
}

function decodeTimestamp(bytes: Uint8Array): number {
  const { seconds, nanos } = decodeInto({ seconds: 0, nanos: 0 }, bytes, {
    1: (reader, message) => {
      message.seconds = readInt(reader);
    },
    2: (reader, message) => {
      message.nanos = reader.int32();
    },
  });
  return seconds + nanos / 1e9;
}
