/** The most that the values of one ConfigMap or Secret may hold together (pkg/apis/core MaxSecretSize). */
export const maxDataSizeBytes = 1024 * 1024;

/** Bytes of a text as the wire carries it. */
export function textSize(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text);
}

/** Bytes that a base64 text stands for. */
export function base64Size(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text, "base64");
}
