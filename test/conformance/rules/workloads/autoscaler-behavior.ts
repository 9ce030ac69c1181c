import { negative } from "../messages.ts";
import { type Cause, invalid, type JsonObject, notSupported, type Rule, refused, required } from "../rule.ts";

const policy = { type: "Pods", value: 1, periodSeconds: 1 };

/** How fast an autoscaler goes up and down. */
export const behavior = ["scaleUp", "scaleDown"].flatMap((direction): readonly Rule[] => {
  const place = `spec.behavior.${direction}`;
  const first = `${place}.policies[0]`;
  const only = (more: JsonObject) => ({ [first]: { ...policy, ...more } });
  const bad = (more: JsonObject, cause: Cause) => refused(only(more), cause);
  const window = `${place}.stabilizationWindowSeconds`;
  return [
    {
      says: `${direction} looks back an hour at most`,
      accepts: [{ [window]: 0 }, { [window]: 3600 }],
      refuses: [
        refused({ [window]: -1 }, invalid(window, -1, "must be greater than or equal to zero")),
        refused({ [window]: 3601 }, invalid(window, 3601, "must be less than or equal to 3600")),
      ],
    },
    {
      says: `${direction} takes the largest change, the smallest, or none`,
      accepts: ["Max", "Min", "Disabled"].map((value) => ({ [`${place}.selectPolicy`]: value })),
      refuses: refused(
        { [`${place}.selectPolicy`]: "Any" },
        notSupported(`${place}.selectPolicy`, "Any", ["Disabled", "Max", "Min"]),
      ),
    },
    {
      says: `${direction} has the default policies, or at least one`,
      accepts: [{ [`${place}.policies`]: undefined }, { [`${place}.policies`]: null }],
      refuses: refused(
        { [`${place}.policies`]: [] },
        required(`${place}.policies`, "must specify at least one Policy"),
      ),
    },
    {
      says: `a policy of ${direction} is of pods or of a percentage`,
      accepts: ["Pods", "Percent"].map((type) => only({ type })),
      refuses: bad({ type: "All" }, notSupported(`${first}.type`, "All", ["Percent", "Pods"])),
    },
    {
      says: `a policy of ${direction} changes something within half an hour`,
      accepts: only({ periodSeconds: 1800 }),
      refuses: [
        bad({ value: 0 }, invalid(`${first}.value`, 0, "must be greater than zero")),
        bad({ periodSeconds: 0 }, invalid(`${first}.periodSeconds`, 0, "must be greater than zero")),
        bad({ periodSeconds: 1801 }, invalid(`${first}.periodSeconds`, 1801, "must be less than or equal to 1800")),
      ],
    },
    {
      says: `${direction} tolerates something or nothing`,
      accepts: { [`${place}.tolerance`]: "0" },
      refuses: refused({ [`${place}.tolerance`]: "-0.1" }, invalid(`${place}.tolerance`, "-100m", negative)),
    },
  ];
});
