import type { JsonObject, Rule } from "../rule.ts";
import { notSupported, refused } from "../rule.ts";

/** The pod that the rules here change. */
export const pod = {
  group: "",
  kind: "Pod",
  path: "/api/v1/namespaces/default/pods",
  valid: {
    metadata: { name: "rules" },
    spec: { containers: [{ name: "main", image: "a" }] },
  } as JsonObject,
};

/** What pods are made from: no admission plugin looks at it. */
export const podTemplate = {
  group: "",
  kind: "PodTemplate",
  path: "/api/v1/namespaces/default/podtemplates",
  valid: {
    metadata: { name: "rules" },
    template: { spec: { containers: [{ name: "main", image: "a" }] } },
  } as JsonObject,
};

/** Where its container stands. */
export const main = "spec.containers[0]";
/** The first init container, of this name. */
export const init = "spec.initContainers[0]";

/** A field has one of these values, told in this order. */
export function choice(says: string, place: string, supported: readonly string[]): Rule {
  return {
    says,
    accepts: supported.map((value) => ({ [place]: value })),
    refuses: refused({ [place]: "Other" }, notSupported(place, "Other", supported)),
  };
}
