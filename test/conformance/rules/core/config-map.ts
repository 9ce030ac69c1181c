import { forbidden, invalid, type KindRules, refused, tooLong } from "../rule.ts";

const path = "/api/v1/namespaces/default/configmaps";
const keyMessage = (key: string): string =>
  `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')${key}`;

export const configMap: KindRules = {
  group: "",
  kind: "ConfigMap",
  path,
  valid: { metadata: { name: "rules" }, data: { a: "1" }, binaryData: { b: "MQ==" } },
  create: [
    {
      says: "a key of data is a file's name",
      accepts: { "data[A_b-c.d]": "" },
      refuses: refused({ "data[a/b]": "" }, invalid("data[a/b]", "a/b", keyMessage(""))),
    },
    {
      says: "a key of binaryData is a file's name",
      accepts: { "binaryData[A_b-c.d]": "" },
      refuses: refused({ "binaryData[a/b]": "" }, invalid("binaryData[a/b]", "a/b", keyMessage(""))),
    },
    {
      says: "a key stands in data or in binaryData",
      accepts: { "binaryData.c": "" },
      refuses: refused({ "binaryData.a": "" }, invalid("data[a]", "a", "duplicate of key present in binaryData")),
    },
    {
      says: "all values together have a mebibyte at most",
      accepts: { "data.a": "x".repeat(1_048_575) },
      refuses: refused({ "data.a": "x".repeat(1_048_576) }, tooLong("[]", "may not be more than 1048576 bytes")),
    },
  ],
  update: [
    {
      says: "what is immutable stays so",
      stored: { immutable: true },
      accepts: { "metadata.labels.a": "b" },
      refuses: [
        refused({ immutable: false }, forbidden("immutable", "field is immutable when `immutable` is set")),
        refused({ "data.a": "2" }, forbidden("data", "field is immutable when `immutable` is set")),
        refused({ "binaryData.b": "Mg==" }, forbidden("binaryData", "field is immutable when `immutable` is set")),
      ],
    },
    {
      says: "binary data that are sent empty are not those that were never there",
      stored: { immutable: true, binaryData: undefined, data: undefined },
      accepts: [{ data: {} }, { binaryData: null }],
      refuses: [refused({ binaryData: {} }, forbidden("binaryData", "field is immutable when `immutable` is set"))],
    },
  ],
};
