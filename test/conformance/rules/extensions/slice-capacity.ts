import {
  type Change,
  duplicate,
  forbidden,
  invalid,
  type JsonObject,
  type Rule,
  refused,
  required,
  tooMany,
} from "../rule.ts";

const device = "spec.devices[0]";
const policy = `${device}.capacity[b].requestPolicy`;
/** A capacity of ten, of which claims get shares by the policy. */
const of = (requestPolicy: JsonObject, more: JsonObject = { allowMultipleAllocations: true }): Change => ({
  [device]: { name: "a", ...more, capacity: { b: { value: "10", requestPolicy } } },
});
const values = (validValues: readonly string[], normal = "1"): Change => of({ default: normal, validValues });
const range = (validRange: JsonObject, normal = "2"): Change => of({ default: normal, validRange });

export const capacities: readonly Rule[] = [
  {
    says: "only what several claims share is shared by a policy",
    accepts: of({ default: "1" }),
    refuses: refused(of({ default: "1" }, {}), forbidden(policy, "allowMultipleAllocations must be true")),
  },
  {
    says: "a policy has values, or a range, and a default for either",
    accepts: [values(["1"]), range({ min: "1" }), of({})],
    refuses: [
      refused(
        of({ default: "1", validValues: ["1"], validRange: { min: "1" } }),
        forbidden(
          policy,
          'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
        ),
      ),
      refused(of({ validValues: ["1"] }), required(`${policy}.default`, "required when validValues is defined")),
      refused(of({ validRange: { min: "1" } }), required(`${policy}.default`, "required when validRange is defined")),
    ],
  },
  {
    says: "up to ten values ascend to the capacity, and have the default among them",
    accepts: values(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]),
    refuses: [
      refused(
        values(["1", "3", "2"]),
        invalid(`${policy}.validValues[2]`, "2", "values must be sorted in ascending order"),
      ),
      refused(
        values(["1", "11"]),
        invalid(`${policy}.validValues[1]`, "11", "option is larger than capacity value: 10"),
      ),
      refused(values(["1", "2", "2"]), duplicate(`${policy}.validValues[2]`, "2")),
      refused(
        values(["2"]),
        invalid(`${policy}.validValues`, "1", "default value is not valid according to the requestPolicy"),
      ),
      refused(
        values(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "10"]),
        tooMany(`${policy}.validValues`, 11, "must have at most 10 items"),
        invalid(`${policy}.validValues`, "1", "default value is not valid according to the requestPolicy"),
      ),
    ],
  },
  {
    says: "a range begins at or below the default, within the capacity",
    accepts: range({ min: "2" }),
    refuses: [
      refused(range({ max: "3" }), required(`${policy}.validRange.min`, "required when validRange is defined")),
      refused(
        range({ min: "11" }, "11"),
        invalid(`${policy}.validRange.min`, "11", "min is larger than capacity value: 10"),
      ),
      refused(range({ min: "3" }), invalid(`${policy}.validRange.min`, "2", "default is less than min: 3")),
    ],
  },
  {
    says: "a range ends at or above the default, within the capacity",
    accepts: range({ min: "1", max: "10" }),
    refuses: [
      refused(
        range({ min: "3", max: "2" }, "3"),
        invalid(`${policy}.validRange.max`, "3", "min is larger than max: 2"),
        invalid(`${policy}.validRange.max`, "3", "default is more than max: 2"),
      ),
      refused(
        range({ min: "1", max: "11" }),
        invalid(`${policy}.validRange.max`, "11", "max is larger than capacity value: 10"),
      ),
      refused(
        range({ min: "1", max: "2" }, "3"),
        invalid(`${policy}.validRange.max`, "3", "default is more than max: 2"),
      ),
    ],
  },
  {
    says: "steps of a range lead to the default and to its end",
    accepts: range({ min: "2", max: "8", step: "3" }, "5"),
    refuses: [
      refused(
        range({ min: "2", step: "9" }),
        invalid(`${policy}.validRange.step`, "9", "one step 11 is larger than capacity value: 10"),
      ),
      refused(
        range({ min: "2", step: "3" }, "4"),
        invalid(`${policy}.validRange.step`, "4", "value is not a multiple of a given step (3) from (2)"),
      ),
      refused(
        range({ min: "2", max: "9", step: "3" }, "5"),
        invalid(`${policy}.validRange.step`, "9", "value is not a multiple of a given step (3) from (2)"),
      ),
    ],
  },
];
