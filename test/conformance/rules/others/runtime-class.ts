import { dotsInLabel, negative, notDNSLabel, notLabelValue, notQualifiedName } from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

// pkg/apis/node/validation/validation.go ValidateRuntimeClass, ValidateRuntimeClassUpdate.

const fixed = "overhead.podFixed";
const limits = (name: string): string => `overhead.limits[${name}]`;
const tolerations = "scheduling.tolerations";
const tolerates = (...list: readonly Json[]) => ({ [tolerations]: list });
const everything = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';

const overhead: readonly Rule[] = [
  {
    says: "what a pod costs is a resource of containers",
    accepts: { [fixed]: { cpu: "1m", memory: "0", "ephemeral-storage": "1", "example.com/a": "1" } },
    refuses: [
      refused(
        { [fixed]: { a: "1" } },
        invalid(limits("a"), "a", "must be a standard resource type or fully qualified"),
        invalid(limits("a"), "a", "must be a standard resource for containers"),
      ),
      refused(
        { [fixed]: { pods: "1" } },
        invalid(limits("pods"), "pods", "must be a standard resource for containers"),
      ),
      refused({ [fixed]: { cpu: "-1" } }, invalid(limits("cpu"), "-1", negative)),
      refused({ [fixed]: { "example.com/a": "500m" } }, invalid(limits("example.com/a"), "500m", "must be an integer")),
    ],
  },
  {
    says: "what a pod costs in huge pages is whole pages, beside other memory",
    accepts: { [fixed]: { "hugepages-2Mi": "4Mi", memory: "1" } },
    refuses: [
      refused({ [fixed]: { "hugepages-2Mi": "2Mi" } }, forbidden("overhead", "HugePages require cpu or memory")),
      refused(
        { [fixed]: { "hugepages-2Mi": "3Mi", cpu: "1" } },
        invalid(limits("hugepages-2Mi"), "3Mi", "3Mi is not positive integer multiple of hugepages-2Mi"),
      ),
    ],
  },
];

const scheduling: readonly Rule[] = [
  {
    says: "nodes are selected by labels",
    accepts: { "scheduling.nodeSelector[a.b/C]": "d" },
    refuses: [
      refused({ "scheduling.nodeSelector[-]": "" }, invalid("scheduling.nodeSelector", "-", notQualifiedName)),
      refused({ "scheduling.nodeSelector.a": "-" }, invalid("scheduling.nodeSelector", "-", notLabelValue)),
    ],
  },
  {
    says: "a toleration has a key, or is of all taints",
    accepts: [tolerates({ key: "a.b/C" }), tolerates({ operator: "Exists" })],
    refuses: [
      refused(tolerates({ key: "-" }), invalid(`${tolerations}[0].key`, "-", notQualifiedName)),
      refused(tolerates({}), invalid(`${tolerations}[0].operator`, "", everything)),
    ],
  },
  {
    says: "a toleration has an operator and a value for it",
    accepts: [tolerates({ key: "a", operator: "Equal", value: "b" }), tolerates({ key: "a", operator: "Exists" })],
    refuses: [
      refused(
        tolerates({ key: "a", operator: "equal" }),
        notSupported(`${tolerations}[0].operator`, "equal", ["Equal", "Exists"]),
      ),
      ...["Lt", "Gt"].map((operator) =>
        refused(
          tolerates({ key: "a", operator, value: "1" }),
          notSupported(`${tolerations}[0].operator`, operator, ["Equal", "Exists", "Lt", "Gt"]),
        ),
      ),
      refused(tolerates({ key: "a", value: "-" }), invalid(`${tolerations}[0].operator`, "-", notLabelValue)),
      refused(
        tolerates({ key: "a", operator: "Exists", value: "b" }),
        invalid(`${tolerations}[0].operator`, "b", "value must be empty when `operator` is 'Exists'"),
      ),
    ],
  },
  {
    says: "a toleration has an effect, and a time only where pods are evicted",
    accepts: [tolerates({ key: "a", effect: "NoExecute", tolerationSeconds: -1 }), tolerates({ key: "a", effect: "" })],
    refuses: [
      refused(
        tolerates({ key: "a", effect: "NoSchedule", tolerationSeconds: 1 }),
        invalid(`${tolerations}[0].effect`, "NoSchedule", "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      ),
      refused(
        tolerates({ key: "a", effect: "noExecute" }),
        notSupported(`${tolerations}[0].effect`, "noExecute", ["NoSchedule", "PreferNoSchedule", "NoExecute"]),
      ),
    ],
  },
  {
    says: "a toleration stands once, whatever its time",
    accepts: tolerates({ key: "a" }, { key: "a", effect: "NoExecute" }, { key: "a", value: "b" }),
    refuses: refused(
      tolerates({ key: "a", effect: "NoExecute" }, { key: "a", effect: "NoExecute", tolerationSeconds: 1 }),
      duplicate(`${tolerations}[1]`, { Key: "a", Operator: "", Value: "", Effect: "NoExecute", TolerationSeconds: 1 }),
    ),
  },
];

export const runtimeClass: KindRules = {
  group: "node.k8s.io",
  kind: "RuntimeClass",
  path: "/apis/node.k8s.io/v1/runtimeclasses",
  valid: { metadata: { name: "rules" }, handler: "a" },
  create: [
    {
      says: "the handler is a label",
      accepts: { handler: "0-a" },
      refuses: [
        refused({ handler: "" }, required("handler")),
        refused({ handler: "A" }, invalid("handler", "A", notDNSLabel)),
        refused({ handler: "a.b" }, invalid("handler", "a.b", dotsInLabel)),
      ],
    },
    ...overhead,
    ...scheduling,
  ],
  update: [
    {
      says: "the handler stays; the rest may be anything",
      accepts: tolerates({}),
      refuses: [
        refused({ handler: "b" }, invalid("handler", "b", "field is immutable")),
        refused({ handler: "" }, invalid("handler", "", "field is immutable")),
      ],
    },
  ],
};
