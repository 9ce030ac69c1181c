import { emptyName, notQualifiedName } from "../messages.ts";
import { duplicate, invalid, type JsonObject, notSupported, type Rule, refused, required, tooLong } from "../rule.ts";

const notReason =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

const some: JsonObject = {
  type: "Ready",
  status: "True",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  reason: "Fine",
  message: "",
};

/** Rules of a list of metav1.Condition at the place. */
export function conditionListRules(place: string): readonly Rule[] {
  const one = `${place}[0]`;
  const but = (more: JsonObject) => ({ [place]: [{ ...some, ...more }] });
  return [
    {
      says: "a condition has a type, which is a label's key",
      accepts: but({ type: "a.example/Ready" }),
      refuses: refused(
        but({ type: "" }),
        invalid(`${one}.type`, "", emptyName),
        invalid(`${one}.type`, "", notQualifiedName),
      ),
    },
    {
      says: "no two conditions are of one type",
      accepts: { [place]: [some, { ...some, type: "Live" }] },
      refuses: refused({ [place]: [some, some] }, duplicate(`${place}[1].type`, "Ready")),
    },
    {
      says: "a condition is True, False or Unknown",
      accepts: ["True", "False", "Unknown"].map((status) => but({ status })),
      refuses: refused(but({ status: "Maybe" }), notSupported(`${one}.status`, "Maybe", ["False", "True", "Unknown"])),
    },
    {
      says: "a condition is of no negative generation",
      accepts: but({ observedGeneration: 0 }),
      refuses: refused(
        but({ observedGeneration: -1 }),
        invalid(`${one}.observedGeneration`, -1, "must be greater than or equal to zero"),
      ),
    },
    {
      says: "a condition has a time",
      accepts: but({ lastTransitionTime: "1970-01-01T00:00:00Z" }),
      refuses: refused(but({ lastTransitionTime: null }), required(`${one}.lastTransitionTime`)),
    },
    {
      says: "a condition has a reason of one word, of a kibibyte at most",
      accepts: but({ reason: "a".repeat(1_024) }),
      refuses: [
        refused(but({ reason: "" }), required(`${one}.reason`)),
        refused(but({ reason: "a b" }), invalid(`${one}.reason`, "a b", notReason)),
        refused(but({ reason: "a".repeat(1_025) }), tooLong(`${one}.reason`, "may not be more than 1024 bytes")),
      ],
    },
    {
      says: "a condition has a message of 32 kibibytes at most",
      accepts: but({ message: "a".repeat(32_768) }),
      refuses: refused(
        but({ message: "a".repeat(32_769) }),
        tooLong(`${one}.message`, "may not be more than 32768 bytes"),
      ),
    },
  ];
}
