import { negative } from "../messages.ts";
import { invalid, type KindRules, refused, required } from "../rule.ts";

export const controllerRevision: KindRules = {
  group: "apps",
  kind: "ControllerRevision",
  path: "/apis/apps/v1/namespaces/default/controllerrevisions",
  valid: { metadata: { name: "rules" }, revision: 1, data: { a: 1 } },
  create: [
    {
      says: "a revision is not negative",
      accepts: { revision: 0 },
      refuses: refused({ revision: -1 }, invalid("revision", -1, negative)),
    },
    {
      says: "a revision has data, which are an object",
      accepts: { data: {} },
      refuses: [
        refused({ data: undefined }, required("data", "data is mandatory")),
        refused({ data: null }, required("data", "data is mandatory")),
        ...["a", 1, true, []].map((data) => refused({ data }, required("data", "data must be a valid JSON object"))),
      ],
    },
  ],
  update: [
    {
      says: "data stay",
      accepts: { revision: 2 },
      refuses: [
        refused({ data: { a: 2 } }, invalid("data", { a: 2 }, "field is immutable")),
        refused({ revision: -1 }, invalid("revision", -1, negative)),
      ],
    },
  ],
};
