import { dotsInLabel, longerThan, notDNSLabel, notQualifiedName } from "../messages.ts";
import {
  forbidden,
  invalid,
  invalidShown,
  type JsonObject,
  type KindRules,
  notSupported,
  refused,
  required,
} from "../rule.ts";
import {
  collisions,
  countRule,
  scaleRule,
  selector,
  selectorRules,
  statusRules,
  template,
  templateRules,
} from "./template.ts";

const strategy = "spec.updateStrategy";
const retention = "spec.persistentVolumeClaimRetentionPolicy";
const claim = "spec.volumeClaimTemplates[0]";
const claims = (spec: JsonObject) => ({ [claim]: { metadata: { name: "v" }, spec } });
const storage = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1" } } };
const ofReplicas = { whole: "replicas", detail: "cannot be greater than status.replicas" };
const fixed =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const container = "spec.template.spec.containers[0]";

export const statefulSet: KindRules = {
  group: "apps",
  kind: "StatefulSet",
  path: "/apis/apps/v1/namespaces/default/statefulsets",
  valid: { metadata: { name: "rules" }, spec: { selector, template } },
  create: [
    {
      says: "a set is named by a label of DNS",
      accepts: { "metadata.name": "a".repeat(63) },
      refuses: [
        refused({ "metadata.name": "a.b" }, invalid("metadata.name", "a.b", dotsInLabel)),
        refused({ "metadata.name": "a".repeat(64) }, invalid("metadata.name", "a".repeat(64), longerThan(63))),
      ],
    },
    {
      says: "pods are made in order or all at once",
      accepts: ["OrderedReady", "Parallel"].map((policy) => ({ "spec.podManagementPolicy": policy })),
      refuses: refused(
        { "spec.podManagementPolicy": "Random" },
        invalid("spec.podManagementPolicy", "Random", "must be 'OrderedReady' or 'Parallel'"),
      ),
    },
    {
      says: "pods are replaced step by step or when they are deleted",
      accepts: [
        { [strategy]: { type: "OnDelete" } },
        { [strategy]: { type: "RollingUpdate" } },
        { [strategy]: { type: "RollingUpdate", rollingUpdate: {} } },
      ],
      refuses: [
        refused(
          { [strategy]: { type: "Recreate" } },
          invalidShown(strategy, '{"Type":"Recreate","RollingUpdate":null}', "must be 'RollingUpdate' or 'OnDelete'"),
        ),
        refused(
          { [strategy]: { type: "Recreate", rollingUpdate: { partition: 1 } } },
          invalidShown(
            strategy,
            '{"Type":"Recreate","RollingUpdate":{"Partition":1,"MaxUnavailable":null}}',
            "must be 'RollingUpdate' or 'OnDelete'",
          ),
        ),
        refused(
          { [strategy]: { type: "OnDelete", rollingUpdate: {} } },
          invalidShown(
            `${strategy}.rollingUpdate`,
            '{"Partition":0,"MaxUnavailable":null}',
            "only allowed for updateStrategy 'RollingUpdate'",
          ),
        ),
      ],
    },
    countRule("a partition is not negative", `${strategy}.rollingUpdate.partition`),
    ...["whenDeleted", "whenScaled"].map((field) => ({
      says: `${field} claims are kept or deleted`,
      accepts: ["Retain", "Delete"].map((value) => ({ [`${retention}.${field}`]: value })),
      refuses: refused(
        { [`${retention}.${field}`]: "Lose" },
        notSupported(`${retention}.${field}`, "Lose", ["Retain", "Delete"]),
      ),
    })),
    {
      says: "claims are made from proper templates",
      accepts: claims(storage),
      refuses: refused(claims({ ...storage, resources: {} }), required(`${claim}.spec.resources[storage]`)),
    },
    {
      says: "volumes of claims may be mounted",
      accepts: { ...claims(storage), [`${container}.volumeMounts`]: [{ name: "v", mountPath: "/a" }] },
      refuses: refused(
        { ...claims(storage), [`${container}.volumeMounts`]: [{ name: "w", mountPath: "/a" }] },
        {
          reason: "FieldValueNotFound",
          message: 'Not found: "w"',
          field: `${container}.volumeMounts[0].name`,
        },
      ),
    },
    countRule("replicas are not negative", "spec.replicas"),
    countRule("the time until a pod counts is not negative", "spec.minReadySeconds"),
    countRule("the first number is not negative", "spec.ordinals.start"),
    {
      says: "a service is named by a label of DNS",
      accepts: [{ "spec.serviceName": "a" }, { "spec.serviceName": "a".repeat(63) }, { "spec.serviceName": "" }],
      refuses: [
        refused({ "spec.serviceName": "A" }, invalid("spec.serviceName", "A", notDNSLabel)),
        refused({ "spec.serviceName": "a.b" }, invalid("spec.serviceName", "a.b", dotsInLabel)),
        refused({ "spec.serviceName": "a".repeat(64) }, invalid("spec.serviceName", "a".repeat(64), longerThan(63))),
      ],
    },
    ...selectorRules("statefulset", ""),
    ...templateRules("StatefulSet"),
    {
      says: "what is wrong with the template's labels and annotations is told twice",
      accepts: { "spec.template.spec.hostname": "A", "spec.template.spec.subdomain": "A" },
      refuses: [
        refused(
          { "spec.template.metadata.labels[a b]": "c" },
          invalid("spec.template.labels", "a b", notQualifiedName),
          invalid("spec.template.labels", "a b", notQualifiedName),
        ),
        refused(
          { "spec.template.metadata.annotations[a b]": "c" },
          invalid("spec.template.annotations", "a b", notQualifiedName),
          invalid("spec.template.annotations", "a b", notQualifiedName),
        ),
      ],
    },
  ],
  update: [
    {
      says: "what is not to be changed stays",
      stored: claims(storage),
      accepts: [
        { "spec.replicas": 2, "spec.ordinals.start": 1, "spec.revisionHistoryLimit": -1, "spec.minReadySeconds": 1 },
        {
          "spec.template.spec.containers[0].image": "b",
          [strategy]: { type: "OnDelete" },
          [`${retention}.whenScaled`]: "Delete",
        },
      ],
      refuses: [
        refused({ "spec.serviceName": "b" }, forbidden("spec", fixed)),
        refused({ "spec.podManagementPolicy": "Parallel" }, forbidden("spec", fixed)),
        refused({ [`${claim}.spec.storageClassName`]: "b" }, forbidden("spec", fixed)),
        refused(
          { "spec.selector.matchLabels": { app: "a", b: "c" }, "spec.template.metadata.labels.b": "c" },
          forbidden("spec", fixed),
        ),
      ],
    },
    {
      says: "a template stays one of pods",
      accepts: { "spec.template.spec.containers[0].image": "b" },
      refuses: refused({ "spec.template.spec.containers": [] }, required("spec.template.spec.containers")),
    },
  ],
  subresources: {
    status: [
      ...statusRules(
        [
          "replicas",
          "readyReplicas",
          "currentReplicas",
          "updatedReplicas",
          "availableReplicas",
          "observedGeneration",
          "collisionCount",
        ],
        [
          { part: "readyReplicas", ...ofReplicas },
          { part: "currentReplicas", ...ofReplicas },
          { part: "updatedReplicas", ...ofReplicas },
          { part: "availableReplicas", ...ofReplicas },
          { part: "availableReplicas", whole: "readyReplicas", detail: "cannot be greater than status.readyReplicas" },
        ],
      ),
      collisions,
    ],
    scale: [scaleRule],
  },
};
