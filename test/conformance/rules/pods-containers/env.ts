import {
  dotsInLabel,
  emptyName,
  longerThan,
  notConfigKey,
  notDNSLabel,
  notDNSSubdomain,
  notQualifiedName,
} from "../messages.ts";
import {
  invalid,
  invalidShown,
  type Json,
  type JsonObject,
  type KindRules,
  notFound,
  notSupported,
  type Refusal,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { init, main, pod } from "./pod.ts";

const at = `${main}.env[0]`;
const from = `${at}.valueFrom`;
const many = `${main}.envFrom`;
const relaxed = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const value = (valueFrom: JsonObject) => ({ [at]: { name: "A", valueFrom } });
const fieldRef = (fieldPath: string, apiVersion = "v1") => value({ fieldRef: { fieldPath, apiVersion } });
const fieldPath = `${from}.fieldRef.fieldPath`;
const unconvertible = (path: string, problem: string): Refusal =>
  refused(fieldRef(path), invalid(fieldPath, path, `error converting fieldPath: ${problem}: ${path}`));
const shownFields = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const resources = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const bytes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
const resourceRef = (resource: string, divisor?: string) =>
  value({ resourceFieldRef: { resource, ...(divisor === undefined ? {} : { divisor }) } });

/** Of resources that one divisor may be given for. */
function divisorRule(says: string, names: readonly string[], divisors: readonly string[], what: string): Rule {
  const text = `only divisor's values ${divisors.length === 2 ? divisors.join(" and ") : divisors.join(", ")} are supported with the ${what}`;
  return {
    says,
    accepts: names.flatMap((name) => ["0", ...divisors].map((divisor) => resourceRef(name, divisor))),
    refuses: names.map((name) =>
      refused(resourceRef(name, "2"), invalid(`${from}.resourceFieldRef.divisor`, name, text)),
    ),
  };
}

/** A reference to a key of a ConfigMap or a Secret. */
function keyRule(says: string, kind: "configMapKeyRef" | "secretKeyRef"): Rule {
  const place = `${from}.${kind}`;
  const bad = (key: string, ...messages: readonly string[]) =>
    refused(value({ [kind]: { name: "a", key } }), ...messages.map((message) => invalid(`${place}.key`, key, message)));
  return {
    says,
    accepts: [
      value({ [kind]: { name: "a.b", key: "A_b-c.d" } }),
      value({ [kind]: { name: "a", key: "a".repeat(253) } }),
    ],
    refuses: [
      refused(value({ [kind]: { name: "A", key: "a" } }), invalid(`${place}.name`, "A", notDNSSubdomain)),
      refused(value({ [kind]: { key: "a" } }), invalid(`${place}.name`, "", notDNSSubdomain)),
      refused(
        value({ [kind]: { name: "a".repeat(254), key: "a" } }),
        invalid(`${place}.name`, "a".repeat(254), longerThan(253)),
      ),
      refused(value({ [kind]: { name: "a", key: "" } }), required(`${place}.key`)),
      bad("a/b", notConfigKey),
      bad(".", "must not be '.'"),
      bad("..", "must not be '..'"),
      bad("..a", "must not start with '..'"),
      bad("a".repeat(254), longerThan(253)),
    ],
  };
}

/** All variables of a ConfigMap or a Secret. */
function allRule(says: string, kind: "configMapRef" | "secretRef"): Rule {
  const place = `${many}[0].${kind}.name`;
  const all = (name: Json) => ({ [many]: [{ [kind]: { name } }] });
  return {
    says,
    accepts: [all("a.b"), all("a".repeat(253)), all("a-")],
    refuses: [
      refused(all(""), required(place)),
      refused({ [many]: [{ [kind]: {} }] }, required(place)),
      refused(all("A"), invalid(place, "A", notDNSSubdomain)),
      refused(all("a".repeat(254)), invalid(place, "a".repeat(254), longerThan(253))),
    ],
  };
}

const file = (more: JsonObject) => ({
  "spec.volumes": [
    { name: "v", emptyDir: {} },
    { name: "c", configMap: { name: "c" } },
  ],
  ...value({ fileKeyRef: { key: "A", volumeName: "v", path: "a", ...more } }),
});
const fileRef = `${from}.fileKeyRef`;

export const env: KindRules = {
  ...pod,
  create: [
    {
      says: "the name of a variable is printable ASCII but =",
      accepts: [" ", "<", ">", "~", "a b", "1"].map((name) => ({ [at]: { name } })),
      refuses: [
        refused({ [at]: { value: "a" } }, required(`${at}.name`)),
        ...["a=b", "ä", "\t", "\u007f"].map((name) =>
          refused({ [at]: { name } }, invalidShown(`${at}.name`, quoted(name), relaxed)),
        ),
      ],
    },
    {
      says: "a variable has a value, or one source of it",
      accepts: [{ [at]: { name: "A", value: "a" } }, fieldRef("metadata.name")],
      refuses: [
        refused(
          value({}),
          invalid(
            from,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
          ),
        ),
        refused(
          { ...fieldRef("metadata.name"), [`${at}.value`]: "a" },
          invalid(from, "", "may not be specified when `value` is not empty"),
        ),
        refused(
          value({ fieldRef: { fieldPath: "metadata.name" }, secretKeyRef: { name: "a", key: "a" } }),
          invalid(from, "", "may not have more than one field specified at a time"),
        ),
      ],
    },
    {
      says: "a variable shows a field of the pod",
      accepts: [...shownFields, "spec.host", "metadata.labels['a/b']", "metadata.annotations['A.b/c']"].map((path) =>
        fieldRef(path),
      ),
      refuses: [
        refused(fieldRef(""), required(fieldPath)),
        refused(
          fieldRef("metadata.name", "v2"),
          invalid(fieldPath, "metadata.name", "error converting fieldPath: unsupported pod version: v2"),
        ),
        unconvertible("spec.nodename", "field label not supported"),
        unconvertible("metadata.labels['a']b", "field label not supported"),
        unconvertible("spec.nodeName['a']", "field label does not support subscript"),
        ...["metadata.labels", "metadata.annotations", "spec.restartPolicy", "spec.schedulerName", "status.phase"].map(
          (path) => refused(fieldRef(path), notSupported(fieldPath, path, shownFields)),
        ),
      ],
    },
    {
      says: "a variable shows a label or annotation with a proper key",
      accepts: fieldRef("metadata.annotations['Example.com/a']"),
      refuses: [
        refused(fieldRef("metadata.labels['a b']"), invalid(`${from}.fieldRef`, "a b", notQualifiedName)),
        refused(fieldRef("metadata.annotations['A B']"), invalid(`${from}.fieldRef`, "a b", notQualifiedName)),
        refused(
          fieldRef("metadata.labels['']"),
          invalid(`${from}.fieldRef`, "", emptyName),
          invalid(`${from}.fieldRef`, "", notQualifiedName),
        ),
      ],
    },
    {
      says: "a variable shows a resource of a container",
      accepts: [...resources, "limits.hugepages-2Mi", "requests.hugepages-1Gi"].map((name) => resourceRef(name)),
      refuses: [
        refused(resourceRef(""), required(`${from}.resourceFieldRef.resource`)),
        refused(
          resourceRef("limits.storage"),
          notSupported(`${from}.resourceFieldRef.resource`, "limits.storage", resources),
        ),
      ],
    },
    divisorRule(
      "a CPU is shown in whole or in thousandths",
      ["limits.cpu", "requests.cpu"],
      ["1m", "1"],
      "cpu resource",
    ),
    divisorRule(
      "memory is shown in bytes or multiples",
      ["limits.memory", "requests.memory"],
      bytes,
      "memory resource",
    ),
    divisorRule(
      "storage is shown in bytes or multiples",
      ["limits.ephemeral-storage", "requests.ephemeral-storage"],
      bytes,
      "local ephemeral storage resource",
    ),
    divisorRule(
      "huge pages are shown in bytes or multiples",
      ["limits.hugepages-2Mi", "requests.hugepages-2Mi"],
      bytes,
      "hugepages resource",
    ),
    keyRule("a variable shows a key of a ConfigMap", "configMapKeyRef"),
    keyRule("a variable shows a key of a Secret", "secretKeyRef"),
    {
      says: "a variable comes from a key of a file in an emptyDir",
      accepts: [file({}), file({ key: "a b" }), file({ path: "/a..b/c" })],
      refuses: [
        refused(file({ key: "" }), required(`${fileRef}.key`)),
        refused(file({ key: "a=b" }), invalid(`${fileRef}.key`, "a=b", relaxed)),
        refused(file({ path: "" }), required(`${fileRef}.path`)),
        refused(file({ path: "a/../b" }), invalid(`${fileRef}.path`, "a/../b", "must not contain '..'")),
        refused(file({ volumeName: "" }), required(`${fileRef}.volumeName`), notFound(`${fileRef}.volumeName`, "")),
        refused(file({ volumeName: "w" }), notFound(`${fileRef}.volumeName`, "w")),
        refused(
          file({ volumeName: "A" }),
          invalid(`${fileRef}.volumeName`, "A", notDNSLabel),
          notFound(`${fileRef}.volumeName`, "A"),
        ),
        refused(
          file({ volumeName: "a.b" }),
          invalid(`${fileRef}.volumeName`, "a.b", dotsInLabel),
          notFound(`${fileRef}.volumeName`, "a.b"),
        ),
        refused(
          file({ volumeName: "c" }),
          invalid(`${fileRef}.volumeName`, "c", "referenced volume must be of type emptyDir"),
        ),
        refused(
          {
            [init]: {
              name: "init",
              image: "a",
              env: [{ name: "A", valueFrom: { fileKeyRef: { key: "A", volumeName: "v", path: "a" } } }],
            },
          },
          notFound(`${init}.env[0].valueFrom.fileKeyRef.volumeName`, "v"),
        ),
      ],
    },
    allRule("all keys of a ConfigMap may be variables", "configMapRef"),
    allRule("all keys of a Secret may be variables", "secretRef"),
    {
      says: "a prefix of variables is printable ASCII but =",
      accepts: { [many]: [{ prefix: "a b", secretRef: { name: "a" } }] },
      refuses: refused(
        { [many]: [{ prefix: "a=", secretRef: { name: "a" } }] },
        invalid(`${many}[0].prefix`, "a=", relaxed),
      ),
    },
    {
      says: "variables come from a ConfigMap or from a Secret",
      accepts: { [many]: [{ secretRef: { name: "a" } }, { configMapRef: { name: "a" } }] },
      refuses: [
        refused({ [many]: [{}] }, invalid(many, "", "must specify one of: `configMapRef` or `secretRef`")),
        refused(
          { [many]: [{ secretRef: { name: "a" }, configMapRef: { name: "a" } }] },
          invalid(many, "", "may not have more than one field specified at a time"),
        ),
      ],
    },
  ],
};

/** As Go's %q has it. */
function quoted(text: string): string {
  return text === "\t" ? '"\\t"' : text === "\u007f" ? '"\\x7f"' : `"${text}"`;
}
