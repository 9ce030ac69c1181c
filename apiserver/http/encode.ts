import { encodeProtobuf, encodeProtobufWatchFrame } from "../../api/protobuf.ts";
import { dumpYaml } from "../../apimachinery/yaml/yaml.ts";
import type { Encoding } from "./negotiate.ts";

export const contentTypes: Readonly<Record<Encoding, string>> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};

/** Any API object in an encoding. JSON ends in a line feed, as upstream's encoder leaves it. */
export function encodeValue(value: object, encoding: Encoding): Uint8Array | string {
  switch (encoding) {
    case "json":
      return `${JSON.stringify(value)}\n`;
    case "yaml":
      return dumpYaml(value);
    case "protobuf":
      return encodeProtobuf(value);
  }
}

/** One event of a watch as a frame of its stream (apimachinery/pkg/util/framer; protobuf: four bytes of length first). */
export function encodeWatchFrame(type: string, object: object, encoding: Encoding): Buffer {
  switch (encoding) {
    case "json":
      return Buffer.from(`{"type":"${type}","object":${JSON.stringify(object)}}\n`);
    case "yaml":
      return Buffer.from(`---\n${dumpYaml({ type, object })}`);
    case "protobuf":
      return Buffer.from(encodeProtobufWatchFrame(type, object));
  }
}
