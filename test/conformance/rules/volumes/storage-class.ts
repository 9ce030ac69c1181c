import { emptyName, immutable, notQualifiedName } from "../messages.ts";
import {
  type Change,
  duplicate,
  invalid,
  invalidShown,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";

const many = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, ""]));

/** The rules of whoever makes volumes, a qualified name in any case, in this field. */
export function provisioner(field: string): Rule {
  return {
    says: `${field} is a qualified name in any case`,
    accepts: [{ [field]: "Example.com/A" }, { [field]: "a" }],
    refuses: [
      refused({ [field]: "" }, required(field)),
      refused({ [field]: "a b" }, invalid(field, "a b", notQualifiedName)),
      refused({ [field]: "A B" }, invalid(field, "a b", notQualifiedName)),
    ],
  };
}

export const parameters: Rule = {
  says: "there are 512 parameters at most, of 256 KiB together, and none is called nothing",
  accepts: [{ parameters: many(512) }, { parameters: { a: "x".repeat(262_143) } }],
  refuses: [
    refused({ parameters: many(513) }, tooLong("parameters", "may not be more than 512 bytes")),
    refused({ parameters: { a: "x".repeat(262_144) } }, tooLong("parameters", "may not be more than 262144 bytes")),
    refused({ parameters: { "": "a" } }, invalid("parameters", "", "field can not be empty.")),
  ],
};

const terms = (...list: readonly Json[]): Change => ({ allowedTopologies: list });
const term = (...matchLabelExpressions: readonly Json[]): Json => ({ matchLabelExpressions });
const zone = (...values: readonly string[]): Json => ({ key: "zone", values });
const expression = "allowedTopologies[0].matchLabelExpressions";
const topologies: readonly Rule[] = [
  {
    says: "a topology names labels and their values, each once",
    accepts: terms(term(zone("a", "b"), { key: "example.com/rack", values: ["a"] })),
    refuses: [
      refused(terms(term(zone())), required(`${expression}[0].values`)),
      refused(terms(term(zone("a", "a"))), duplicate(`${expression}[0].values[1]`, "a")),
      refused(terms(term({ key: "a b", values: ["a"] })), invalid(`${expression}[0].key`, "a b", notQualifiedName)),
      refused(
        terms(term({ values: ["a"] })),
        invalid(`${expression}[0].key`, "", emptyName),
        invalid(`${expression}[0].key`, "", notQualifiedName),
      ),
      refused(terms(term(zone("a"), zone("b"))), duplicate(`${expression}[1].key`, "zone")),
    ],
  },
  {
    says: "topologies differ",
    accepts: terms(term(zone("a")), term(zone("a", "b")), term({ key: "rack", values: ["a"] })),
    refuses: [
      refused(
        terms(
          term(zone("a", "b"), { key: "rack", values: ["c"] }),
          term({ key: "rack", values: ["c"] }, zone("b", "a")),
        ),
        duplicate("allowedTopologies[1].matchLabelExpressions", ""),
      ),
      // An empty one is the same as each that was not looked at.
      refused(terms({}), duplicate(expression, "")),
      refused(
        terms(term(zone("a")), {}),
        duplicate("allowedTopologies[1].matchLabelExpressions", ""),
        duplicate("allowedTopologies[1].matchLabelExpressions", ""),
      ),
    ],
  },
];

export const storageClass: KindRules = {
  group: "storage.k8s.io",
  kind: "StorageClass",
  path: "/apis/storage.k8s.io/v1/storageclasses",
  valid: { metadata: { name: "rules" }, provisioner: "example.com/p", parameters: { a: "b" } },
  create: [
    provisioner("provisioner"),
    parameters,
    {
      says: "volumes are deleted or retained",
      accepts: [{ reclaimPolicy: "Delete" }, { reclaimPolicy: "Retain" }, { reclaimPolicy: "" }],
      refuses: refused({ reclaimPolicy: "Recycle" }, notSupported("reclaimPolicy", "Recycle", ["Delete", "Retain"])),
    },
    {
      says: "volumes are bound at once, or to where they are used",
      accepts: [{ volumeBindingMode: "Immediate" }, { volumeBindingMode: "WaitForFirstConsumer" }],
      refuses: refused(
        { volumeBindingMode: "Never" },
        notSupported("volumeBindingMode", "Never", ["Immediate", "WaitForFirstConsumer"]),
      ),
    },
    ...topologies,
  ],
  update: [
    {
      says: "how volumes are made stays",
      accepts: { allowVolumeExpansion: true, allowedTopologies: [term(zone("a"))] },
      refuses: [
        refused({ parameters: { c: "d", a: "b" } }, invalidShown("parameters", '{"a":"b","c":"d"}', immutable)),
        refused({ parameters: undefined }, invalidShown("parameters", "null", immutable)),
        refused({ provisioner: "other" }, invalid("provisioner", "other", immutable)),
        refused({ reclaimPolicy: "Retain" }, invalid("reclaimPolicy", "Retain", immutable)),
        refused(
          { volumeBindingMode: "WaitForFirstConsumer" },
          invalid("volumeBindingMode", "WaitForFirstConsumer", immutable),
        ),
        refused(
          { provisioner: "", allowedTopologies: [term(zone())] },
          required("provisioner"),
          required(`${expression}[0].values`),
          invalid("provisioner", "", immutable),
        ),
      ],
    },
  ],
};

export const attributesClass: KindRules = {
  group: "storage.k8s.io",
  kind: "VolumeAttributesClass",
  path: "/apis/storage.k8s.io/v1/volumeattributesclasses",
  valid: { metadata: { name: "rules" }, driverName: "example.com", parameters: { a: "b" } },
  create: [
    provisioner("driverName"),
    parameters,
    {
      says: "attributes are some",
      accepts: { parameters: { a: "" } },
      refuses: [
        refused({ parameters: {} }, required("parameters", "must contain at least one key/value pair")),
        refused({ parameters: undefined }, required("parameters", "must contain at least one key/value pair")),
      ],
    },
  ],
  update: [
    {
      says: "attributes of a class stay",
      accepts: { "metadata.labels.a": "b" },
      refuses: [
        refused(
          { driverName: "other" },
          {
            reason: "FieldValueForbidden",
            field: "driverName",
            message: "Forbidden: updates to driverName are forbidden.",
          },
        ),
        refused(
          { parameters: undefined },
          {
            reason: "FieldValueForbidden",
            field: "parameters",
            message: "Forbidden: updates to parameters are forbidden.",
          },
          required("parameters", "must contain at least one key/value pair"),
        ),
      ],
    },
  ],
};
