const defaulted = "defaults give a value";
const normalized = "a missing list is filled in from the single address, or from what is stored";
const releasedEarlier = "setServiceFamilies refuses a release under any other policy before";

const places = {
  "api/core/v1/endpoints-validation.ts": {
    'if (!port.protocol) errors.push(required(place.child("protocol")));': defaulted,
  },
  "api/core/v1/event-validation.ts": {
    'addMessages(errors, isDNS1123Subdomain(namespace), path("namespace"), namespace);':
      "admission asks for the namespace before, and none has another name",
  },
  "api/core/v1/node/validation.ts": {
    'check.errors.push(invalid(at, node.spec.configSource, "exactly one reference subfield must be non-nil"));':
      "a new node loses its configSource, and later only one that is there stays",
  },
};

const services = {
  "api/core/v1/service-cluster-ips.ts": {
    "if (ips.length === 0) errors.push(required(clusterIPsPath));": normalized,
    'if (now.length === 0) errors.push(invalid(first, now, "primary clusterIP can not be unset"));': normalized,
    'errors.push(invalid(first, now, "primary ipFamily can not be unset"));': normalized,
    'if (before.length > now.length && now.length === 1) addReleaseErrors(errors, service, "clusterIP");':
      releasedEarlier,
    'if (before.length > now.length && now.length === 1) addReleaseErrors(errors, service, "ipFamily");':
      releasedEarlier,
    "errors.push(invalid(policyPath, spec.ipFamilyPolicy ?? null, detail));": releasedEarlier,
  },
  "api/core/v1/service-ports.ts": {
    'if (!port.protocol) errors.push(required(at("protocol")()));': defaulted,
  },
  "api/core/v1/service-status.ts": {
    'if (ip) errors.push(required(place.child("ipMode"), "must be specified when `ip` is set"));': defaulted,
  },
  "api/core/v1/service-validation.ts": {
    "addClusterIPErrors(errors, service, old);": "setServiceFamilies applies the same rules before",
    "if (!affinity) errors.push(required(affinityPath));": defaulted,
    'errors.push(forbidden(affinityConfigPath, "must not be set when session affinity is None"));':
      "defaults take the value away",
    "if (spec.sessionAffinityConfig === undefined) errors.push(required(affinityConfigPath, missing));": defaulted,
    'else if (clientIP === undefined) errors.push(required(affinityConfigPath.child("clientIP"), missing));': defaulted,
    'errors.push(required(affinityConfigPath.child("clientIP", "timeoutSeconds"), missing));': defaulted,
    'if (!spec.type) errors.push(required(specPath.child("type")));': defaulted,
    'errors.push(required(path("allocateLoadBalancerNodePorts")));': defaulted,
    '} else if (external === "") errors.push(required(externalPath));': defaulted,
    "if (healthPort === 0) errors.push(required(healthPath));": "the port is allocated before",
    'if (spec.type !== "ExternalName" && serviceTypes.includes(spec.type ?? "")) errors.push(required(internalPath));':
      defaulted,
  },
};

/** What no request can break, though upstream asks for it too. */
export const unreachable = { ...places, ...services };
