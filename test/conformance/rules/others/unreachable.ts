const defaulted = "defaults give a value";
const storedKeeps = "what is stored keeps the rule";

/** What no request can break, though upstream asks for it too. */
export const unreachable = {
  "api/template-columns.ts": {
    'return wideColumn("Selector", (object) => formatLabelSelector(selector(object)));': storedKeeps,
  },
  "api/networking/v1/ingress-validation.ts": {
    '(rule) => rule.host?.includes("*") && httpErrors(rule, rulesPath).length > 0,': storedKeeps,
  },
  "api/networking/v1/network-policy.ts": {
    'columns: [nameColumn, textColumn("Pod-Selector", ({ spec }) => formatLabelSelector(spec.podSelector)), ageColumn],':
      storedKeeps,
  },
  "api/networking/v1/network-policy-validation.ts": {
    "const allowInvalidLabelValue = old !== undefined && validateLabelSelector(old.podSelector, specPath).length > 0;":
      storedKeeps,
  },
  "api/networking/v1/ingress-class.ts": {
    'if (scope === undefined) errors.push(required(parametersPath.child("scope")));': defaulted,
  },
};
