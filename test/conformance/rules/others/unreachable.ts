const defaulted = "defaults give a value";
const gated = "the gate CoordinatedLeaderElection is off: the field is taken away";
const noTopology = "v1 takes topology away, and what is stored has none";
const storedKeeps = "what is stored keeps the rule";

/** What no request can break, though upstream asks for it too. */
export const unreachable = {
  "api/certificates/v1/certificate-signing-request.ts": {
    'if (subresource !== "status") errors.push(forbidden(certificatePath, "updates may not set certificate content"));':
      "elsewhere than at the status the certificate stays as it is stored",
  },
  "api/coordination/v1/lease.ts": {
    "if (strategy !== undefined) addStrategyErrors(errors, strategy);": gated,
    'errors.push(forbidden(specPath.child("preferredHolder"), detail));': gated,
    'if (strategy.includes("/")) addMessages(errors, isQualifiedName(strategy), place, strategy);': gated,
    'errors.push(notSupported(place, strategy, ["OldestEmulationVersion"]));': gated,
  },
  "api/discovery/v1/endpoint-slice-validation.ts": {
    'if (topology) addTopologyErrors(errors, topology, place.child("deprecatedTopology"));': noTopology,
    "if (count > max.topologyLabels) errors.push(tooMany(place, count, max.topologyLabels));": noTopology,
    "errors.push(...validateLabels(topology, place));": noTopology,
    'errors.push(internalError(place.key(zoneLabel), "reserved key was not removed in conversion"));': noTopology,
    'if (protocol === undefined) errors.push(required(at("protocol")()));': defaulted,
  },
  "api/rbac/v1/aggregate-rules.ts": { "const selector = fromLabelSelector(labelSelector);": storedKeeps },
  "api/rbac/v1/cluster-role.ts": {
    "const options = { allowInvalidLabelValue: hasInvalidSelector(old) };": storedKeeps,
    "return selectors.some((selector) => validateLabelSelector(selector, selectorsPath).length > 0);": storedKeeps,
  },
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
