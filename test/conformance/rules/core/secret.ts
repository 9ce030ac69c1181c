import { longerThan, notConfigKey } from "../messages.ts";
import { type Change, forbidden, invalid, type KindRules, type Rule, refused, required, tooLong } from "../rule.ts";

// pkg/apis/core/validation/validation.go ValidateSecret, ValidateSecretUpdate.

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const whenSet = "field is immutable when `immutable` is set";
const key = (name: string): string => `data[${name}]`;

/** Files of credentials are JSON objects: what Go's encoding/json says of others. */
const config = (type: string, file: string): Rule => {
  const holds = (text: string): Change => ({ type, [key(file)]: base64(text) });
  return {
    says: `${type} has ${file}, a JSON object`,
    accepts: [holds("{}"), holds("null"), holds(' {"auths": {"a": 1}} ')],
    refuses: [
      refused({ type }, required(key(file))),
      ...[
        ["", "unexpected end of JSON input"],
        ["{", "unexpected end of JSON input"],
        ["a", "invalid character 'a' looking for beginning of value"],
        ["{} x", "invalid character 'x' after top-level value"],
        ["[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"],
        ['"a"', "json: cannot unmarshal string into Go value of type map[string]interface {}"],
        ["true", "json: cannot unmarshal bool into Go value of type map[string]interface {}"],
        ["1", "json: cannot unmarshal number into Go value of type map[string]interface {}"],
        ["12345678901234567890", "json: cannot unmarshal number into Go value of type map[string]interface {}"],
      ].map(([text, detail]) => refused(holds(text!), invalid(key(file), "<secret contents redacted>", detail!))),
    ],
  };
};

const names: readonly Rule[] = [
  {
    says: "a key is a file's name",
    accepts: [{ "data[A_b-c.d]": "" }, { [key("x".repeat(253))]: "" }],
    refuses: [
      refused({ [key("a/b")]: "" }, invalid(key("a/b"), "a/b", notConfigKey)),
      refused({ [key("x".repeat(254))]: "" }, invalid(key("x".repeat(254)), "x".repeat(254), longerThan(253))),
      refused({ [key(".")]: "" }, invalid(key("."), ".", "must not be '.'")),
      refused({ [key("..")]: "" }, invalid(key(".."), "..", "must not be '..'")),
      refused({ [key("..a")]: "" }, invalid(key("..a"), "..a", "must not start with '..'")),
      refused({ "stringData[a/b]": "" }, invalid(key("a/b"), "a/b", notConfigKey)),
    ],
  },
  {
    says: "all values together have a mebibyte at most",
    accepts: { "data.a": Buffer.alloc(1_048_576).toString("base64") },
    refuses: refused(
      { "data.a": Buffer.alloc(1_048_576).toString("base64"), "stringData.b": "x" },
      tooLong("data", "may not be more than 1048576 bytes"),
    ),
  },
];

const account = "metadata.annotations[kubernetes.io/service-account.name]";
const token = "kubernetes.io/service-account-token";
const types: readonly Rule[] = [
  {
    says: "a token belongs to an account",
    accepts: { type: token, [account]: "default" },
    refuses: [refused({ type: token }, required(account)), refused({ type: token, [account]: "" }, required(account))],
  },
  config("kubernetes.io/dockercfg", ".dockercfg"),
  config("kubernetes.io/dockerconfigjson", ".dockerconfigjson"),
  {
    says: "credentials have a name or a password",
    accepts: ["username", "password"].map((name) => ({ type: "kubernetes.io/basic-auth", [key(name)]: "" })),
    refuses: refused({ type: "kubernetes.io/basic-auth" }, required(key("username")), required(key("password"))),
  },
  {
    says: "a key of SSH is there, and is not empty",
    accepts: { type: "kubernetes.io/ssh-auth", "data.ssh-privatekey": "MQ==" },
    refuses: [
      refused({ type: "kubernetes.io/ssh-auth" }, required(key("ssh-privatekey"))),
      refused({ type: "kubernetes.io/ssh-auth", "data.ssh-privatekey": "" }, required(key("ssh-privatekey"))),
    ],
  },
  {
    says: "TLS has a certificate and a key",
    accepts: { type: "kubernetes.io/tls", [key("tls.crt")]: "", [key("tls.key")]: "" },
    refuses: [
      refused({ type: "kubernetes.io/tls" }, required(key("tls.crt")), required(key("tls.key"))),
      refused({ type: "kubernetes.io/tls", [key("tls.crt")]: "" }, required(key("tls.key"))),
    ],
  },
  {
    says: "another type holds what it likes",
    accepts: [{ type: "a" }, { type: "" }],
    refuses: refused({ type: "a", [key("/")]: "" }, invalid(key("/"), "/", notConfigKey)),
  },
];

export const secret: KindRules = {
  group: "",
  kind: "Secret",
  path: "/api/v1/namespaces/default/secrets",
  valid: { metadata: { name: "rules" } },
  create: [...names, ...types],
  update: [
    {
      says: "the type stays",
      stored: { type: "a" },
      accepts: { "data.a": "" },
      refuses: [
        refused({ type: "b" }, invalid("type", "b", "field is immutable")),
        refused({ type: undefined }, invalid("type", "Opaque", "field is immutable")),
      ],
    },
    {
      says: "what is immutable stays so",
      stored: { immutable: true, "data.a": "" },
      accepts: { "metadata.labels.a": "b" },
      refuses: [
        refused({ immutable: false }, forbidden("immutable", whenSet)),
        refused({ immutable: undefined }, forbidden("immutable", whenSet)),
        refused({ "data.a": "MQ==" }, forbidden("data", whenSet)),
        refused({ "stringData.b": "" }, forbidden("data", whenSet)),
        refused(
          { immutable: undefined, "data[/]": "" },
          forbidden("immutable", whenSet),
          forbidden("data", whenSet),
          invalid("data[/]", "/", notConfigKey),
        ),
      ],
    },
    {
      says: "data that are sent empty are not those that were never there",
      stored: { immutable: true, data: undefined },
      accepts: [{ data: null }, { stringData: {} }],
      refuses: refused({ data: {} }, forbidden("data", whenSet)),
    },
  ],
};
