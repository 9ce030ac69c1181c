import type { KindRules } from "../rule.ts";

export const serviceAccount: KindRules = {
  group: "",
  kind: "ServiceAccount",
  path: "/api/v1/namespaces/default/serviceaccounts",
  valid: { metadata: { name: "rules" } },
};
