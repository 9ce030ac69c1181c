import { negative, notLabelValue, notQualifiedName } from "../messages.ts";
import { forbidden, invalid, type Json, type JsonObject, notSupported, type Rule, refused, required } from "../rule.ts";

export const selector = { matchLabels: { app: "a" } };
/** What all kinds of workloads here make pods from. */
export const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "main", image: "a" }] } };

export const unmatched = "`selector` does not match template `labels`";
const labels = "spec.template.metadata.labels";

/** A count or a number of seconds. */
export function countRule(says: string, place: string, changes: { readonly stored?: JsonObject } = {}): Rule {
  return {
    says,
    ...changes,
    accepts: { [place]: 0 },
    refuses: refused({ [place]: -1 }, invalid(place, -1, negative)),
  };
}

/** Rules of a selector that is required, and of the template it chooses. */
export function selectorRules(noun: string, broken: string): readonly Rule[] {
  const mismatch = invalid(labels, { app: "a" }, unmatched);
  return [
    {
      says: "a selector is required",
      accepts: {},
      refuses: refused({ "spec.selector": undefined }, required("spec.selector"), mismatch),
    },
    {
      says: "a selector chooses something",
      accepts: { "spec.selector": { matchExpressions: [{ key: "app", operator: "Exists" }] } },
      refuses: refused({ "spec.selector": {} }, invalid("spec.selector", {}, `empty selector is invalid for ${noun}`)),
    },
    {
      says: "a selector is one of labels",
      accepts: { "spec.selector": { matchExpressions: [{ key: "app", operator: "In", values: ["a", "b"] }] } },
      refuses: [
        refused(
          { "spec.selector": { matchLabels: { "a b": "c" } } },
          invalid("spec.selector.matchLabels", "a b", notQualifiedName),
          invalid("spec.selector", { matchLabels: { "a b": "c" } }, broken),
        ),
        refused(
          { "spec.selector": { matchExpressions: [{ key: "app", operator: "Is", values: ["a"] }] } },
          invalid("spec.selector.matchExpressions[0].operator", "Is", "not a valid selector operator"),
          invalid("spec.selector", { matchExpressions: [{ key: "app", operator: "Is", values: ["a"] }] }, broken),
        ),
        refused(
          {
            "spec.selector": { matchExpressions: [{ operator: "Is", key: "app" }], matchLabels: { c: "d", app: "a" } },
          },
          invalid("spec.selector.matchExpressions[0].operator", "Is", "not a valid selector operator"),
          invalid(
            "spec.selector",
            { matchLabels: { app: "a", c: "d" }, matchExpressions: [{ key: "app", operator: "Is" }] },
            broken,
          ),
        ),
        refused(
          { "spec.selector": { matchExpressions: [{ key: "app", operator: "In" }] } },
          required("spec.selector.matchExpressions[0].values", "must be specified when `operator` is 'In' or 'NotIn'"),
          invalid("spec.selector", { matchExpressions: [{ key: "app", operator: "In" }] }, broken),
        ),
        refused(
          { "spec.selector": { matchLabels: { app: "a b" } } },
          invalid("spec.selector.matchLabels", "a b", notLabelValue),
          invalid("spec.selector", { matchLabels: { app: "a b" } }, broken),
        ),
      ],
    },
  ];
}

/** Rules of the template beside those of any: its labels are chosen, its pods run for ever. */
export function templateRules(kind: string): readonly Rule[] {
  return [
    {
      says: "the template's labels are those of the selector",
      accepts: { [labels]: { app: "a", other: "b" } },
      refuses: [
        refused({ [labels]: { b: "c", app: "b" } }, invalid(labels, { app: "b", b: "c" }, unmatched)),
        refused({ [labels]: undefined }, invalid(labels, null, unmatched)),
      ],
    },
    {
      says: "the template is one of pods",
      accepts: { "spec.template.spec.containers[0].image": " b" },
      refuses: refused({ "spec.template.spec.containers": [] }, required("spec.template.spec.containers")),
    },
    {
      says: "pods are restarted always",
      accepts: { "spec.template.spec.restartPolicy": "Always" },
      refuses: refused(
        { "spec.template.spec.restartPolicy": "OnFailure" },
        notSupported("spec.template.spec.restartPolicy", "OnFailure", ["Always"]),
      ),
    },
    {
      says: "pods have no time to end",
      accepts: {},
      refuses: refused(
        { "spec.template.spec.activeDeadlineSeconds": 1 },
        forbidden("spec.template.spec.activeDeadlineSeconds", `activeDeadlineSeconds in ${kind} is not Supported`),
      ),
    },
  ];
}

export const fixedSelector: Rule = {
  says: "the selector stays",
  accepts: { "metadata.labels": { a: "b" } },
  refuses: refused(
    {
      "spec.selector": { matchLabels: { other: "b", app: "a" } },
      "spec.template.metadata.labels": { app: "a", other: "b" },
    },
    invalid("spec.selector", { matchLabels: { app: "a", other: "b" } }, "field is immutable"),
  ),
};

export interface Part {
  readonly part: string;
  readonly whole: string;
  readonly detail: string;
}

/** Rules of counts of a status: none is negative, and some are parts of others. */
export function statusRules(counts: readonly string[], parts: readonly Part[]): readonly Rule[] {
  const all: Record<string, Json> = Object.fromEntries(counts.map((count) => [`status.${count}`, 9]));
  return [
    ...counts.map((count) => ({
      says: `${count} is not negative`,
      accepts: { [`status.${count}`]: 0 },
      refuses: refused(
        { [`status.${count}`]: -1 },
        invalid(`status.${count}`, -1, negative),
        ...parts.filter(({ whole }) => whole === count).map(({ part, detail }) => invalid(`status.${part}`, 0, detail)),
      ),
    })),
    ...parts.map(({ part, whole, detail }) => {
      // What a part of two wholes is not greater than either way leaves one error.
      const room = parts.filter((one) => one.part === part && one.whole !== whole).map((one) => one.whole);
      const others = Object.fromEntries(room.map((one) => [`status.${one}`, 10]));
      const told = parts.filter((one) => room.includes(one.part) && one.whole === whole);
      return {
        says: `${part} is a part of ${whole}`,
        accepts: all,
        refuses: refused(
          { ...all, ...others, [`status.${part}`]: 10 },
          ...[...told.map((one) => one.part), part].map((one) => invalid(`status.${one}`, 10, detail)),
        ),
      };
    }),
  ];
}

export const collisions: Rule = {
  says: "collisions are counted upwards",
  stored: { "status.collisionCount": 2 },
  accepts: { "status.collisionCount": 3 },
  refuses: [
    refused({ "status.collisionCount": 1 }, invalid("status.collisionCount", 1, "cannot be decremented")),
    refused({ "status.collisionCount": undefined }, invalid("status.collisionCount", 0, "cannot be decremented")),
  ],
};

export const scaleRule: Rule = {
  says: "replicas are not negative",
  accepts: { "spec.replicas": 0 },
  refuses: refused({ "spec.replicas": -1 }, invalid("spec.replicas", -1, negative)),
};
