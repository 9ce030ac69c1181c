import { emptyName, notQualifiedName } from "../messages.ts";
import { duplicate, forbidden, invalid, type Json, type KindRules, type Rule, refused, required } from "../rule.ts";

// pkg/apis/core/validation/validation.go ValidateLimitRange. Items of a type of one's own get no defaults.

const item = "spec.limits[0]";
const notStandard = "must be a standard resource type or fully qualified";
const notForContainers = "must be a standard resource for containers";
const notExtended = "doesn't follow extended resource name standard";
const amounts = (lists: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(lists).map(([list, value]) => [`${item}.${list}`, { cpu: value }]));

/** Resources have names that are told apart by the type of the item. */
const names = (type: string, list: string, forContainers: boolean): Rule => ({
  says: `a resource in ${list} of ${type} is known`,
  accepts: {
    [item]: { type, [list]: { "hugepages-2Mi": "2", "example.com/a": "2", ...(forContainers ? {} : { pods: "2" }) } },
  },
  refuses: [
    ["-", [notQualifiedName, ...(forContainers ? [notForContainers] : [])]] as const,
    ["a", [notStandard, ...(forContainers ? [notForContainers] : [])]] as const,
    ...(forContainers
      ? [["pods", [notForContainers]] as const, ["requests.example.com/a", [notExtended]] as const]
      : []),
  ].map(([name, details]) =>
    refused(
      { [item]: { type, [list]: { [name]: "2" } } },
      ...details.map((detail) => invalid(`${item}.${list}[${name}]`, name, detail)),
    ),
  ),
});

const order = (low: string, high: string, at: string, shown: string, words: readonly [string, string]): Rule => ({
  says: `${words[0]} is not above ${words[1]}`,
  accepts: amounts({ [low]: "1500m", [high]: "1500m" }),
  refuses: refused(
    amounts({ [low]: "1501m", [high]: "1500m" }),
    invalid(`${item}.${at}[cpu]`, shown, `${words[0]} 1501m is greater than ${words[1]} 1500m`),
  ),
});

const ratio = (max: string, min: string, kept: string, broken: string, bound: string): Rule => ({
  says: `${max} is no more than the ratio times ${min}`,
  accepts: amounts({ max, min, maxLimitRequestRatio: kept }),
  refuses: refused(
    amounts({ max, min, maxLimitRequestRatio: broken }),
    invalid(`${item}.maxLimitRequestRatio[cpu]`, broken, `ratio ${broken} is greater than max/min = ${bound}`),
  ),
});

const overcommit = (name: string): Rule => ({
  says: `${name} has one default for both`,
  accepts: { [item]: { type: "a.b/c", default: { [name]: "2" }, defaultRequest: { [name]: "2" } } },
  refuses: refused(
    { [item]: { type: "a.b/c", default: { [name]: "2" }, defaultRequest: { [name]: "1" } } },
    invalid(`${item}.defaultRequest[${name}]`, "1", `default value 2 must equal to defaultRequest value 1 in ${name}`),
  ),
});

const own = "example.com/a";
export const limitRange: KindRules = {
  group: "",
  kind: "LimitRange",
  path: "/api/v1/namespaces/default/limitranges",
  valid: { metadata: { name: "rules" }, spec: { limits: [{ type: own }] } },
  create: [
    {
      says: "the type is one of three or has a domain",
      accepts: ["Pod", "Container", own].map((type) => ({ [`${item}.type`]: type })),
      refuses: [
        refused(
          { [`${item}.type`]: "Node" },
          invalid(`${item}.type`, "Node", "must be a standard limit type or fully qualified"),
        ),
        refused({ [`${item}.type`]: "-" }, invalid(`${item}.type`, "-", notQualifiedName)),
        refused(
          { [`${item}.type`]: "" },
          invalid(`${item}.type`, "", emptyName),
          invalid(`${item}.type`, "", notQualifiedName),
        ),
      ],
    },
    {
      says: "there is one item of a type",
      accepts: { "spec.limits": [{ type: "Pod" }, { type: "Container" }] },
      refuses: refused({ "spec.limits": [{ type: "Pod" }, { type: "Pod" }] }, duplicate("spec.limits[1].type", "Pod")),
    },
    ...["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"].map((list) => names(own, list, false)),
    ...["max", "min", "maxLimitRequestRatio"].map((list) => names("Pod", list, true)),
    {
      says: "a resource of a container is known, and so are its defaults",
      accepts: { [item]: { type: "Container", max: { memory: "1" } } },
      refuses: refused(
        { [item]: { type: "Container", defaultRequest: { pods: "1" } } },
        invalid(`${item}.defaultRequest[pods]`, "pods", notForContainers),
      ),
    },
    {
      says: "a whole pod has no defaults",
      accepts: { [item]: { type: "Pod", max: { cpu: "1" } } },
      refuses: ["default", "defaultRequest"].map((list) =>
        refused(
          { [item]: { type: "Pod", [list]: { cpu: "1" } } },
          forbidden(`${item}.${list}`, "may not be specified when `type` is 'Pod'"),
        ),
      ),
    },
    {
      says: "claims have a bound of storage",
      accepts: ["min", "max"].map((list) => ({ [item]: { type: "PersistentVolumeClaim", [list]: { storage: "0" } } })),
      refuses: refused(
        { [item]: { type: "PersistentVolumeClaim", max: { cpu: "1" } } },
        required(`${item}.limits`, "either minimum or maximum storage value is required, but neither was provided"),
      ),
    },
    order("min", "max", "min", "1501m", ["min value", "max value"]),
    order("min", "defaultRequest", "defaultRequest", "1500m", ["min value", "default request value"]),
    order("defaultRequest", "max", "defaultRequest", "1501m", ["default request value", "max value"]),
    order("defaultRequest", "default", "defaultRequest", "1501m", ["default request value", "default limit value"]),
    order("min", "default", "default", "1501m", ["min value", "default value"]),
    order("default", "max", "default", "1500m", ["default value", "max value"]),
    {
      says: "a ratio is one at least",
      accepts: amounts({ maxLimitRequestRatio: "1" }),
      refuses: refused(
        amounts({ maxLimitRequestRatio: "999m" }),
        invalid(`${item}.maxLimitRequestRatio[cpu]`, "999m", "ratio 999m is less than 1"),
      ),
    },
    ratio("2500m", "1", "2500m", "2501m", "2.500000"),
    ratio("10P", "3P", "3", "4", "3.333333"),
    overcommit("hugepages-2Mi"),
    overcommit("example.com/gpu"),
  ],
};
