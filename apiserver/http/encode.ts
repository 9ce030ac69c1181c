import { encodeProtobuf, encodeProtobufWatchFrame } from "../../api/protobuf.ts";
import { dumpYaml } from "../../apimachinery/yaml/yaml.ts";
import type { Encoding } from "../negotiate.ts";

export const contentTypes: Readonly<Record<Encoding, string>> = {
  json: "application/json",
  indented: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};

/** Any API object in an encoding. JSON ends in a line feed unless it is indented, as upstream's encoders leave it. */
export function encodeValue(value: object, encoding: Encoding): Uint8Array | string {
  switch (encoding) {
    case "json":
      return `${JSON.stringify(value)}\n`;
    case "indented":
      return JSON.stringify(value, null, 2);
    case "yaml":
      return dumpYaml(value);
    case "protobuf":
      return encodeProtobuf(value);
  }
}

/** What a watch can be streamed in. */
export type StreamEncoding = "json" | "protobuf";

/** One event of a watch as a frame of its stream (apimachinery/pkg/util/framer; protobuf: four bytes of length first). */
export function encodeWatchFrame(type: string, object: object, encoding: StreamEncoding): Buffer {
  return encoding === "json"
    ? Buffer.from(`{"type":"${type}","object":${JSON.stringify(object)}}\n`)
    : Buffer.from(encodeProtobufWatchFrame(type, object));
}
