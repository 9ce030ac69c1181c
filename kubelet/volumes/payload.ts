import type { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { Secret } from "../../api/core/v1/secret.ts";
import type { KeyToPath } from "../../api/generated/types/core-v1.ts";

export interface FileContent {
  readonly data: Uint8Array | string;
  /** Permission bits. */
  readonly mode: number;
  /** Owner; absent: root. */
  readonly uid?: number | undefined;
}

/** Files by their path within the volume. */
export type Payload = ReadonlyMap<string, FileContent>;

export interface ItemOptions {
  /** Absent or empty: every key, under its own name. */
  readonly items?: readonly KeyToPath[] | undefined;
  readonly defaultMode: number;
  /** Keys that are not there are left out. */
  readonly optional: boolean;
}

/** An absent object, which only an optional one may be, has no keys. Throws upstream's words (pkg/volume/configmap MakePayload). */
export function configMapPayload(configMap: ConfigMap | undefined, options: ItemOptions): Payload {
  const { data = {}, binaryData = {} } = configMap ?? {};
  const contents = new Map<string, Uint8Array | string>(Object.entries(data));
  for (const [key, value] of Object.entries(binaryData)) contents.set(key, Buffer.from(value, "base64"));
  return select(contents, options, (key) => `configmap references non-existent config key: ${key}`);
}

/** Likewise (pkg/volume/secret MakePayload). */
export function secretPayload(secret: Secret | undefined, options: ItemOptions): Payload {
  const contents = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(secret?.data ?? {})) contents.set(key, Buffer.from(value, "base64"));
  return select(contents, options, (key) => `references non-existent secret key: ${key}`);
}

function select(
  contents: ReadonlyMap<string, Uint8Array | string>,
  { items = [], defaultMode, optional }: ItemOptions,
  missing: (key: string) => string,
): Payload {
  const payload = new Map<string, FileContent>();
  if (items.length === 0) {
    for (const [key, data] of contents) payload.set(key, { data, mode: defaultMode });
    return payload;
  }
  for (const { key, path, mode } of items) {
    const data = contents.get(key);
    if (data !== undefined) payload.set(path, { data, mode: mode ?? defaultMode });
    else if (!optional) throw new Error(missing(key));
  }
  return payload;
}
