import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, jsonText } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { warningsForIP } from "../../../apimachinery/validation/addresses.ts";
import { nameIsDNSLabel } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { formatLabels } from "../../labels-text.ts";
import { addClusterIPChangeErrors, addFamilyChangeErrors } from "./service-cluster-ips.ts";
import { setServiceDefaults } from "./service-defaults.ts";
import { addServiceStatusErrors } from "./service-status.ts";
import { needsHealthCheckNodePort } from "./service-traits.ts";
import {
  dropInternalTrafficPolicy,
  dropTypeDependentFields,
  keepAllocatedValues,
  normalizeClusterIPs,
} from "./service-update.ts";
import { addLoadBalancerClassErrors, addServiceErrors } from "./service-validation.ts";
import { serviceWarnings } from "./service-warnings.ts";

// Rules: pkg/registry/core/service/strategy.go, pkg/apis/core/validation/validation.go ValidateServiceCreate and below.

export type Service = types.Service;

/**
 * A name and address for a set of pods. Addresses and ports of nodes are given out by the server between `prepareFor…` and
 * `validate`: `service-ip.ts` says which are needed.
 */
export const Service = defineResource<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  scope: "Namespaced",
  storagePath: "services/specs",
  schema: () => definition("io.k8s.api.core.v1.Service"),
  subresources: { status: true },
  // Feature gate RelaxedServiceNameValidation, on since 1.36: names may begin with a digit (KEP-5311).
  validateName: nameIsDNSLabel,
  createOnUpdate: true,
  returnDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Type", ({ spec }) => spec.type ?? ""),
    textColumn("Cluster-IP", ({ spec }) => spec.clusterIPs?.[0] ?? "<none>"),
    textColumn("External-IP", externalIPText),
    textColumn("Port(s)", portsText),
    ageColumn,
    wideColumn("Selector", ({ spec }) => formatLabels(spec.selector)),
  ],
  fieldSelectors: {
    "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "",
    "spec.type": ({ spec }) => spec.type ?? "",
  },
  setDefaults: changing(setServiceDefaults),
  prepareForCreate: changing((draft) => {
    normalizeClusterIPs(draft, undefined);
    dropInternalTrafficPolicy(draft);
  }),
  prepareForUpdate: changing((draft, old, { subresource }) => {
    if (subresource !== "") return;
    keepAllocatedValues(draft, old);
    normalizeClusterIPs(draft, old);
    dropTypeDependentFields(draft, old);
    dropInternalTrafficPolicy(draft);
  }),
  validate,
  *warnings(service) {
    yield* serviceWarnings(service);
    for (const [i, { ip }] of (service.status.loadBalancer?.ingress ?? []).entries()) {
      if (ip) yield* warningsForIP(path("status", "loadBalancer", "ingress").index(i), ip);
    }
  },
});

function validate(service: Service, old: Service | undefined, { subresource }: RequestContext): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (old === undefined) {
    addServiceErrors(errors, service, old);
  } else if (subresource === "status") {
    addServiceStatusErrors(errors, service, old);
  } else {
    addChangeErrors(errors, service, old);
    addServiceErrors(errors, service, old);
  }
  return errors;
}

function addChangeErrors(errors: FieldError[], service: Service, old: Service): void {
  addClusterIPChangeErrors(errors, service, old);
  addFamilyChangeErrors(errors, service, old);
  const { spec } = service;
  if (spec.type === "LoadBalancer" && old.spec.type === "LoadBalancer") {
    if (spec.loadBalancerClass !== old.spec.loadBalancerClass) {
      const place = path("spec", "loadBalancerClass");
      errors.push(
        invalid(
          place,
          spec.loadBalancerClass === undefined ? null : jsonText(spec.loadBalancerClass),
          "may not change once set",
        ),
      );
    }
  }
  addLoadBalancerClassErrors(errors, spec);
  if (needsHealthCheckNodePort(old) && needsHealthCheckNodePort(service)) {
    if ((spec.healthCheckNodePort ?? 0) !== (old.spec.healthCheckNodePort ?? 0)) {
      errors.push(forbidden(path("spec", "healthCheckNodePort"), "field is immutable"));
    }
  }
}

function externalIPText({ spec, status }: Service): string {
  const given = spec.externalIPs ?? [];
  switch (spec.type) {
    case "ClusterIP":
    case "NodePort":
      return given.length > 0 ? given.join(",") : "<none>";
    case "LoadBalancer": {
      const all = [...ingressTexts(status.loadBalancer?.ingress), ...given];
      return all.length > 0 ? all.join(",") : "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

/** Addresses or names of a load balancer, each once, in order. */
export function ingressTexts(ingress: readonly { ip?: string; hostname?: string }[] | undefined): readonly string[] {
  const texts = (ingress ?? []).flatMap(({ ip, hostname }) => (ip ? [ip] : hostname ? [hostname] : []));
  return [...new Set(texts)].sort();
}

function portsText({ spec }: Service): string {
  if (!spec.ports?.length) return "<none>";
  return spec.ports
    .map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
    .join(",");
}
