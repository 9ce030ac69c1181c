import { notQualifiedName } from "../messages.ts";
import {
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { at, pod, volume } from "./pod.ts";

const badMode = "must be a number between 0 and 0777 (octal), both inclusive";
const projected = (...sources: readonly Json[]) => volume("projected", { sources });
const source = `${at}.projected.sources[0]`;

/** A mode of nine bits: of files of a volume, or of one. */
function mode(what: string, place: string, make: (value: number) => ReturnType<typeof volume>): Rule {
  return {
    says: `${what} is of nine bits`,
    accepts: [make(0), make(0o777)],
    refuses: [-1, 0o1000].map((value) => refused(make(value), invalid(place, value, badMode))),
  };
}

/** The rules of a list of keys and their files. */
function items(what: string, place: string, make: (item: JsonObject) => ReturnType<typeof volume>): readonly Rule[] {
  const path = `${place}.path`;
  return [
    {
      says: `an item of ${what} has a key and a path`,
      accepts: make({ key: "k", path: "p" }),
      refuses: [refused(make({ path: "p" }), required(`${place}.key`)), refused(make({ key: "k" }), required(path))],
    },
    {
      says: `an item of ${what} stays in the volume`,
      accepts: [make({ key: "k", path: "a/..b" }), make({ key: "k", path: "a..b" })],
      refuses: [
        refused(make({ key: "k", path: "/a" }), invalid(path, "/a", "must be a relative path")),
        refused(make({ key: "k", path: "a/../b" }), invalid(path, "a/../b", "must not contain '..'")),
        refused(make({ key: "k", path: "../a" }), invalid(path, "../a", "must not contain '..'")),
        refused(make({ key: "k", path: "..a" }), invalid(path, "..a", "must not start with '..'")),
        refused(
          make({ key: "k", path: "..a/.." }),
          invalid(path, "..a/..", "must not contain '..'"),
          invalid(path, "..a/..", "must not start with '..'"),
        ),
      ],
    },
    mode(`the mode of an item of ${what}`, `${place}.mode`, (value) => make({ key: "k", path: "p", mode: value })),
  ];
}

const keys: readonly Rule[] = [
  {
    says: "a volume of a Secret names it",
    accepts: volume("secret", { secretName: "a" }),
    refuses: refused(volume("secret", {}), required(`${at}.secret.secretName`)),
  },
  mode("the mode of a volume of a Secret", `${at}.secret.defaultMode`, (defaultMode) =>
    volume("secret", { secretName: "a", defaultMode }),
  ),
  ...items("a Secret", `${at}.secret.items[0]`, (item) => volume("secret", { secretName: "a", items: [item] })),
  {
    says: "a volume of a ConfigMap names it",
    accepts: volume("configMap", { name: "a" }),
    refuses: refused(volume("configMap", {}), required(`${at}.configMap.name`)),
  },
  mode("the mode of a volume of a ConfigMap", `${at}.configMap.defaultMode`, (defaultMode) =>
    volume("configMap", { name: "a", defaultMode }),
  ),
  ...items("a ConfigMap", `${at}.configMap.items[0]`, (item) => volume("configMap", { name: "a", items: [item] })),
];

const file = (more: JsonObject) =>
  volume("downwardAPI", { items: [{ path: "p", fieldRef: { fieldPath: "metadata.name" }, ...more }] });
const paths = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const convert = (fieldPath: string, problem: string) =>
  refused(
    file({ fieldRef: { fieldPath } }),
    invalid(`${at}.downwardAPI.fieldRef.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`),
  );
const resource = (reference: JsonObject) =>
  volume("downwardAPI", { items: [{ path: "p", resourceFieldRef: reference }] });

const downward: readonly Rule[] = [
  mode("the mode of a volume of the downward API", `${at}.downwardAPI.defaultMode`, (defaultMode) =>
    volume("downwardAPI", { defaultMode }),
  ),
  mode("the mode of a file of the downward API", `${at}.downwardAPI.mode`, (value) => file({ mode: value })),
  {
    says: "a file of the downward API has a path in the volume",
    accepts: file({ path: "a/..b" }),
    refuses: [
      refused(file({ path: "" }), required(`${at}.downwardAPI.path`)),
      refused(file({ path: "..a" }), invalid(`${at}.downwardAPI.path`, "..a", "must not start with '..'")),
    ],
  },
  {
    says: "a file of the downward API shows either a field or a resource",
    accepts: [file({}), resource({ containerName: "main", resource: "limits.cpu" })],
    refuses: [
      refused(
        volume("downwardAPI", { items: [{ path: "p" }] }),
        required(`${at}.downwardAPI`, "one of fieldRef and resourceFieldRef is required"),
      ),
      refused(
        file({ resourceFieldRef: { containerName: "main", resource: "limits.cpu" } }),
        invalid(`${at}.downwardAPI`, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"),
      ),
    ],
  },
  {
    says: "a field in a file is of the pod's metadata",
    accepts: [...paths, "metadata.labels['a']", "metadata.annotations['A']"].map((fieldPath) =>
      file({ fieldRef: { fieldPath } }),
    ),
    refuses: [
      refused(file({ fieldRef: {} }), required(`${at}.downwardAPI.fieldRef.fieldPath`)),
      refused(
        file({ fieldRef: { fieldPath: "spec.host" } }),
        notSupported(`${at}.downwardAPI.fieldRef.fieldPath`, "spec.nodeName", paths),
      ),
      refused(
        file({ fieldRef: { fieldPath: "metadata.labels['a b']" } }),
        invalid(`${at}.downwardAPI.fieldRef`, "a b", notQualifiedName),
      ),
      convert("metadata.x", "field label not supported: metadata.x"),
      convert("metadata.name['a']", "field label does not support subscript: metadata.name['a']"),
    ],
  },
  {
    says: "a resource in a file is of a named container",
    accepts: resource({ containerName: "main", resource: "requests.memory" }),
    refuses: [
      refused(resource({ resource: "limits.cpu" }), required(`${at}.downwardAPI.resourceFieldRef.containerName`)),
      refused(resource({ containerName: "main" }), required(`${at}.downwardAPI.resourceFieldRef.resource`)),
    ],
  },
];

const duplicatePaths = (shown: string) => invalid(`${at}.projected`, shown, "conflicting duplicate paths");
const item = { key: "k", path: "p" };
const token = (more: JsonObject) => projected({ serviceAccountToken: { path: "t", ...more } });
const tokenPlace = `${source}.serviceAccountToken.expirationSeconds`;

const projections: readonly Rule[] = [
  mode("the mode of a projected volume", `${at}.projected.defaultMode`, (defaultMode) =>
    volume("projected", { defaultMode }),
  ),
  {
    says: "a projection of a Secret or a ConfigMap names it",
    accepts: projected({ secret: { name: "a" } }, { configMap: { name: "a" } }),
    refuses: [
      refused(projected({ secret: {} }), required(`${source}.secret.name`)),
      refused(projected({ configMap: {} }), required(`${source}.configMap.name`)),
    ],
  },
  ...items("a projected Secret", `${source}.secret.items[0]`, (one) =>
    projected({ secret: { name: "a", items: [one] } }),
  ),
  ...items("a projected ConfigMap", `${source}.configMap.items[0]`, (one) =>
    projected({ configMap: { name: "a", items: [one] } }),
  ),
  {
    says: "a projected file shows something",
    accepts: projected({ downwardAPI: { items: [{ path: "p", fieldRef: { fieldPath: "metadata.uid" } }] } }),
    refuses: refused(
      projected({ downwardAPI: { items: [{ path: "p" }] } }),
      required(`${source}.downwardAPI`, "one of fieldRef and resourceFieldRef is required"),
    ),
  },
  {
    says: "projected files have paths of their own",
    accepts: projected(
      { secret: { name: "a", items: [item] } },
      { configMap: { name: "a", items: [{ key: "k", path: "P" }] } },
      { downwardAPI: { items: [{ path: "q", fieldRef: { fieldPath: "metadata.uid" } }] } },
      { serviceAccountToken: { path: "p" } },
    ),
    refuses: [
      refused(projected({ secret: { name: "a", items: [item, item] } }), duplicatePaths("a")),
      refused(
        projected({ secret: { name: "a", items: [item] } }, { configMap: { name: "b", items: [item] } }),
        duplicatePaths("b"),
      ),
      refused(
        projected(
          { secret: { name: "a", items: [item] } },
          { downwardAPI: { items: [{ path: "p", fieldRef: { fieldPath: "metadata.uid" } }] } },
        ),
        duplicatePaths("p"),
      ),
    ],
  },
  {
    says: "a projected token lives ten minutes to 136 years",
    accepts: [token({ expirationSeconds: 600 }), token({ expirationSeconds: 2 ** 32 }), token({})],
    refuses: [
      refused(
        token({ expirationSeconds: 599 }),
        invalid(tokenPlace, 599, "may not specify a duration less than 10 minutes"),
      ),
      refused(
        token({ expirationSeconds: 2 ** 32 + 1 }),
        invalid(tokenPlace, 2 ** 32 + 1, "may not specify a duration larger than 2^32 seconds"),
      ),
    ],
  },
  {
    says: "a projected token has a path in the volume",
    accepts: token({ path: "a/..b" }),
    refuses: [
      refused(token({ path: "" }), required(`${at}.projected.path`)),
      refused(token({ path: "/a" }), invalid(`${at}.projected.path`, "/a", "must be a relative path")),
    ],
  },
  {
    says: "a projection has one source",
    accepts: projected({}, { secret: { name: "a" } }),
    refuses: refused(
      projected({ secret: { name: "a" }, configMap: { name: "b" } }),
      forbidden(source, "may not specify more than 1 volume type per source"),
    ),
  },
];

export const volumeFiles: KindRules = { ...pod, create: [...keys, ...downward, ...projections] };
