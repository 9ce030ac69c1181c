import { emptyName, longLabelValue, notLabelValue, notQualifiedName } from "../messages.ts";
import { forbidden, invalid, type Rule, refused, required } from "../rule.ts";

/** Rules of a label selector at the place. */
export function selectorRules(place: string): readonly Rule[] {
  const name = place.split(".").at(-1)!;
  const one = `${place}.matchExpressions[0]`;
  return [
    {
      says: `labels of ${name} are labels`,
      accepts: { [place]: { matchLabels: { "a.example/b": "c", d: "" } } },
      refuses: [
        refused({ [place]: { matchLabels: { "-a": "b" } } }, invalid(`${place}.matchLabels`, "-a", notQualifiedName)),
        refused({ [place]: { matchLabels: { a: "b-" } } }, invalid(`${place}.matchLabels`, "b-", notLabelValue)),
      ],
    },
    {
      says: `expressions of ${name} have a key, which is a label's`,
      accepts: { [place]: { matchExpressions: [{ key: "a", operator: "Exists" }] } },
      refuses: refused(
        { [place]: { matchExpressions: [{ key: "", operator: "Exists" }] } },
        invalid(`${one}.key`, "", emptyName),
        invalid(`${one}.key`, "", notQualifiedName),
      ),
    },
    {
      says: `expressions of ${name} have an operator, and the values that belong to it`,
      accepts: ["In", "NotIn"].map((operator) => ({
        [place]: { matchExpressions: [{ key: "a", operator, values: ["b", "c".repeat(63)] }] },
      })),
      refuses: [
        ...["In", "NotIn"].map((operator) =>
          refused(
            { [place]: { matchExpressions: [{ key: "a", operator }] } },
            required(`${one}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
          ),
        ),
        ...["Exists", "DoesNotExist"].map((operator) =>
          refused(
            { [place]: { matchExpressions: [{ key: "a", operator, values: ["b"] }] } },
            forbidden(`${one}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          ),
        ),
        refused(
          { [place]: { matchExpressions: [{ key: "a", operator: "Like" }] } },
          invalid(`${one}.operator`, "Like", "not a valid selector operator"),
        ),
      ],
    },
    {
      says: `values of ${name} are a label's`,
      accepts: { [place]: { matchExpressions: [{ key: "a", operator: "In", values: ["", "b"] }] } },
      refuses: [
        refused(
          { [place]: { matchExpressions: [{ key: "a", operator: "In", values: ["b", "-"] }] } },
          invalid(`${one}.values[1]`, "-", notLabelValue),
        ),
        refused(
          { [place]: { matchExpressions: [{ key: "a", operator: "In", values: ["b".repeat(64)] }] } },
          invalid(`${one}.values[0]`, "b".repeat(64), longLabelValue),
        ),
      ],
    },
  ];
}
