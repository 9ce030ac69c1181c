import { notDNS1035Label, notDNSSubdomain } from "../messages.ts";
import {
  type Change,
  invalid,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { columns, scale, selectable } from "./definition-columns.ts";
import { conversion, conversionChanges } from "./definition-conversion.ts";
import { expressions } from "./definition-expressions.ts";
import { lists } from "./definition-lists.ts";
import { defaults, schemas } from "./definition-schema.ts";
import { structure } from "./definition-structure.ts";

const mustMatch = 'must be spec.names.plural+"."+spec.group';
const mixed = "may have mixed case, but should otherwise match";
const names = "spec.names";

const naming: readonly Rule[] = [
  {
    says: "a definition is named after what it defines",
    accepts: { "metadata.name": "gadgets.rules.example", [`${names}.plural`]: "gadgets" },
    refuses: [
      refused({ "metadata.name": "a.rules.example" }, invalid("metadata.name", "a.rules.example", mustMatch)),
      refused(
        { "metadata.name": "A.rules.example" },
        invalid("metadata.name", "A.rules.example", notDNSSubdomain),
        invalid("metadata.name", "A.rules.example", mustMatch),
      ),
      refused({ "metadata.generateName": "widgets-" }, invalid("metadata.generateName", "widgets-", mustMatch)),
    ],
  },
  {
    says: "a group is a domain of two labels",
    accepts: { "spec.group": "a.b", "metadata.name": "widgets.a.b" },
    refuses: [
      refused(
        { "spec.group": "", "metadata.name": "widgets" },
        invalid("metadata.name", "widgets", mustMatch),
        required("spec.group"),
      ),
      refused(
        { "spec.group": "A.b" },
        invalid("metadata.name", "widgets.rules.example", mustMatch),
        invalid("spec.group", "A.b", notDNSSubdomain),
      ),
      refused(
        { "spec.group": "rules", "metadata.name": "widgets.rules" },
        invalid("spec.group", "rules", "should be a domain with at least one dot"),
      ),
    ],
  },
  {
    says: "objects are in a namespace, or of the cluster",
    accepts: ["Cluster", "Namespaced"].map((scope) => ({ "spec.scope": scope })),
    refuses: [
      refused({ "spec.scope": "" }, required("spec.scope")),
      refused({ "spec.scope": "World" }, notSupported("spec.scope", "World", ["Cluster", "Namespaced"])),
    ],
  },
  {
    says: "a kind and its names are told",
    accepts: { [names]: { plural: "widgets", kind: "Widget" } },
    refuses: [
      refused(
        { [names]: { plural: "widgets", kind: "" } },
        required(`${names}.singular`),
        required(`${names}.kind`),
        required(`${names}.listKind`),
      ),
      refused(
        { [names]: { plural: "", kind: "Widget" } },
        invalid("metadata.name", "widgets.rules.example", mustMatch),
        required(`${names}.plural`),
      ),
    ],
  },
  ...nameRules(names),
];

/** Of the names at the place, where they are. */
function nameRules(place: string): readonly Rule[] {
  const all: JsonObject = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };
  const but = (more: JsonObject): Change => ({ [place]: { ...all, ...more } });
  const other = place === names;
  return [
    {
      says: "names are labels of DNS that begin with a letter",
      accepts: but({ singular: "w9-a", shortNames: ["w"], categories: ["all"] }),
      refuses: [
        refused(
          but({ plural: "9w" }),
          ...(other ? [invalid("metadata.name", "widgets.rules.example", mustMatch)] : []),
          invalid(`${place}.plural`, "9w", notDNS1035Label),
        ),
        refused(but({ singular: "W" }), invalid(`${place}.singular`, "W", notDNS1035Label)),
        refused(but({ shortNames: ["w", ""] }), invalid(`${place}.shortNames[1]`, "", notDNS1035Label)),
        refused(but({ categories: ["w", "A"] }), invalid(`${place}.categories[1]`, "A", notDNS1035Label)),
      ],
    },
    {
      says: "a kind and that of its list are such in any case, and two",
      accepts: but({ kind: "WidGet-9" }),
      refuses: [
        refused(but({ kind: "9" }), invalid(`${place}.kind`, "9", `${mixed}: ${notDNS1035Label}`)),
        refused(but({ listKind: "a_b" }), invalid(`${place}.listKind`, "a_b", `${mixed}: ${notDNS1035Label}`)),
        refused(
          but({ listKind: "Widget" }),
          invalid(`${place}.listKind`, "Widget", "kind and listKind may not be the same"),
        ),
      ],
    },
  ];
}

const shownVersion = (storage: boolean, name: string): JsonObject => ({
  Name: name,
  Served: true,
  Storage: storage,
  Deprecated: false,
  DeprecationWarning: null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
});
const schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object" } } } };
const version = (storage: boolean, name: string): JsonObject => ({ name, served: true, storage, schema });
const oneStorage = "must have exactly one version marked as storage version";
const warning = "spec.versions[0].deprecationWarning";

const versions: readonly Rule[] = [
  {
    says: "a version is a label of DNS that begins with a letter",
    accepts: { "spec.versions[0].name": "v1beta1" },
    refuses: refused(
      { "spec.versions[0].name": "1" },
      invalid("spec.versions[0].name", "1", notDNS1035Label),
      invalid("spec.version", "1", notDNS1035Label),
    ),
  },
  {
    says: "each version has a name of its own, and one of them is stored",
    accepts: { "spec.versions": [version(true, "v1"), version(false, "v2")] },
    refuses: [
      refused(
        { "spec.versions": [version(true, "v1"), version(false, "v1")] },
        invalid(
          "spec.versions",
          [shownVersion(true, "v1"), shownVersion(false, "v1")],
          "must contain unique version names",
        ),
      ),
      refused(
        { "spec.versions": [version(true, "v1"), version(true, "v2")] },
        invalid("spec.versions", [shownVersion(true, "v1"), shownVersion(true, "v2")], oneStorage),
        invalid("status.storedVersions", ["v1"], "must have the storage version v2"),
      ),
      refused(
        { "spec.versions": [version(false, "v1")] },
        invalid("spec.versions", [shownVersion(false, "v1")], oneStorage),
        invalid("status.storedVersions", null, "must have at least one stored version"),
      ),
    ],
  },
  {
    says: "each version has a schema",
    accepts: {
      "spec.versions": [
        version(true, "v1"),
        { ...version(false, "v2"), schema: { openAPIV3Schema: { type: "object" } } },
      ],
    },
    refuses: [
      refused({ "spec.versions[0].schema": undefined }, required("spec.versions[0].schema.openAPIV3Schema")),
      refused(
        { "spec.versions[+]": { name: "v2", served: true, storage: false } },
        required("spec.versions[1].schema.openAPIV3Schema"),
      ),
    ],
  },
  {
    says: "a warning belongs to what is deprecated, and is a line of 256 bytes at most",
    accepts: [
      { "spec.versions[0].deprecated": true, [warning]: "a".repeat(256) },
      { "spec.versions[0].deprecated": true },
    ],
    refuses: [
      refused({ [warning]: "a" }, invalid(warning, "a", "can only be set for deprecated versions")),
      ...[
        ["a".repeat(257), "must be <= 256 characters long"],
        ["", "must not be an empty string"],
        ["é\n", "must only contain printable UTF-8 characters; non-printable character found at index 2"],
      ].map(([text, detail]) =>
        refused({ "spec.versions[0].deprecated": true, [warning]: text! }, invalid(warning, text!, detail!)),
      ),
    ],
  },
];

const annotation = "metadata.annotations[api-approved.kubernetes.io]";
const protect = { "spec.group": "rules.k8s.io", "metadata.name": "widgets.rules.k8s.io" };
const need = 'protected groups must have approval annotation "api-approved.kubernetes.io"';
const see = "see https://github.com/kubernetes/enhancements/pull/1111";

const approval: readonly Rule[] = [
  {
    says: "what is in a group of Kubernetes is approved, or said not to be",
    accepts: ["https://github.com/kubernetes/enhancements", "unapproved, experimental"].map((text) => ({
      ...protect,
      [annotation]: text,
    })),
    refuses: [
      refused(protect, required(annotation, `${need}, ${see}`)),
      refused(
        { ...protect, [annotation]: "yes" },
        invalid(annotation, "yes", `${need} with either a URL or a reason starting with "unapproved", ${see}`),
      ),
      refused(
        { "spec.group": "kubernetes.io", "metadata.name": "widgets.kubernetes.io" },
        required(annotation, `${need}, ${see}`),
      ),
    ],
  },
];

const preserving: readonly Rule[] = [
  {
    says: "unknown fields are kept by the schema alone",
    accepts: { "spec.preserveUnknownFields": false },
    refuses: [
      refused(
        { "spec.preserveUnknownFields": true },
        invalid(
          "spec.preserveUnknownFields",
          true,
          "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ),
      ),
      refused(
        {
          "spec.preserveUnknownFields": true,
          "spec.versions[0].schema.openAPIV3Schema.properties.a": { type: "string", default: "b" },
          "spec.conversion": {
            strategy: "Webhook",
            webhook: { clientConfig: { url: "https://a" }, conversionReviewVersions: ["v1"] },
          },
        },
        invalid("spec.preserveUnknownFields", true, "must be false in order to use defaults in the schema"),
        invalid("spec.conversion.strategy", "Webhook", "must be None if spec.preserveUnknownFields is true"),
        invalid(
          "spec.preserveUnknownFields",
          true,
          "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ),
      ),
    ],
  },
];

const previously =
  "missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions";

const changes: readonly Rule[] = [
  {
    says: "what is established keeps its scope and its names",
    accepts: { [`${names}.shortNames`]: ["w"] },
    refuses: [
      refused({ "spec.scope": "Cluster" }, invalid("spec.scope", "Cluster", "field is immutable")),
      refused({ [`${names}.kind`]: "Gadget" }, invalid(`${names}.kind`, "Gadget", "field is immutable")),
      refused({ "spec.group": "a.b" }, invalid("spec.group", "a.b", "field is immutable")),
      refused({ [`${names}.plural`]: "gadgets" }, invalid(`${names}.plural`, "gadgets", "field is immutable")),
    ],
  },
  {
    says: "a version in which objects may be stored stays",
    accepts: { "spec.versions": [version(false, "v1"), version(true, "v2")] },
    refuses: refused({ "spec.versions": [version(true, "v2")] }, invalid("status.storedVersions[0]", "v1", previously)),
  },
];

const isDecided = ({ status }: JsonObject): boolean => JSON.stringify(status).includes('"Established"');

export const customResourceDefinition: KindRules = {
  group: "apiextensions.k8s.io",
  kind: "CustomResourceDefinition",
  path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  valid: {
    metadata: { name: "widgets.rules.example" },
    spec: {
      group: "rules.example",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [version(true, "v1")],
    },
  },
  isComplete: isDecided,
  create: [
    ...naming,
    ...versions,
    ...approval,
    ...preserving,
    ...conversion,
    ...columns,
    ...scale,
    ...selectable,
    ...schemas,
    ...lists,
    ...structure,
    ...defaults,
    ...expressions,
  ],
  update: [...changes, ...conversionChanges],
  subresources: { status: nameRules("status.acceptedNames") },
};
