import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { isValidCIDRForLegacyField, isValidIPForLegacyField } from "../../../apimachinery/validation/addresses.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { isValidPortNum } from "../../../apimachinery/validation/formats.ts";
import { validateLabels } from "../../../apimachinery/validation/label-fields.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type { Service } from "../../generated/types/core-v1.ts";
import { addMessages, strictly } from "../../validation.ts";
import { addEndpointIPErrors } from "./endpoint-ip.ts";
import { addClusterIPErrors } from "./service-cluster-ips.ts";
import { addPortErrors } from "./service-ports.ts";
import { isExternallyAccessible, isHeadless, needsHealthCheckNodePort } from "./service-traits.ts";

// Rules: pkg/apis/core/validation/validation.go validateService and what it calls, in its order.

const specPath = path("spec");
const annotationsPath = path("metadata", "annotations");
const selectorPath = specPath.child("selector");
const affinityPath = specPath.child("sessionAffinity");
const affinityConfigPath = specPath.child("sessionAffinityConfig");
const classPath = specPath.child("loadBalancerClass");
const externalPath = specPath.child("externalTrafficPolicy");
const internalPath = specPath.child("internalTrafficPolicy");
const healthPath = specPath.child("healthCheckNodePort");
const maxAffinitySeconds = 86400;
const topologyHints = "service.kubernetes.io/topology-aware-hints";
const topologyMode = "service.kubernetes.io/topology-mode";
const sourceRangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

/** Rules that hold for every service, new or changed. */
export function addServiceErrors(errors: FieldError[], service: Service, old: Service | undefined): void {
  addTopologyErrors(errors, service);
  addTypeErrors(errors, service);
  addPortErrors(errors, service);
  errors.push(...validateLabels(service.spec.selector, selectorPath));
  addAffinityErrors(errors, service);
  addClusterIPErrors(errors, service, old);
  addExternalIPErrors(errors, service, old);
  addTypeNameErrors(errors, service);
  addSourceRangeErrors(errors, service, old);
  addLoadBalancerErrors(errors, service);
  addTrafficErrors(errors, service);
}

function addTopologyErrors(errors: FieldError[], { metadata }: Service): void {
  const mode = metadata.annotations?.[topologyMode];
  const hints = metadata.annotations?.[topologyHints];
  if (mode !== undefined && hints !== undefined && mode !== hints) {
    const detail = `must match annotations[${topologyHints}] when both are specified`;
    errors.push(invalid(annotationsPath.key(topologyMode), mode, detail));
  }
}

function addTypeErrors(errors: FieldError[], service: Service): void {
  const { spec } = service;
  const headless = isHeadless(service);
  if (!spec.ports?.length && !headless && spec.type !== "ExternalName") errors.push(required(specPath.child("ports")));
  if (headless && (spec.type === "LoadBalancer" || spec.type === "NodePort")) {
    const detail = `may not be set to 'None' for ${spec.type} services`;
    errors.push(invalid(specPath.child("clusterIPs").index(0), spec.clusterIPs?.[0], detail));
  }
  if (spec.type !== "ExternalName") return;
  const unset = (name: string): unknown =>
    errors.push(forbidden(specPath.child(name), "may not be set for ExternalName services"));
  if (spec.clusterIPs?.length) unset("clusterIPs");
  if (spec.ipFamilies?.length) unset("ipFamilies");
  if (spec.ipFamilyPolicy !== undefined) unset("ipFamilyPolicy");
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.push(required(specPath.child("externalName")));
  else addMessages(errors, isDNS1123Subdomain(name), specPath.child("externalName"), name);
}

function addAffinityErrors(errors: FieldError[], { spec }: Service): void {
  const affinity = spec.sessionAffinity;
  if (!affinity) errors.push(required(affinityPath));
  else if (affinity !== "ClientIP" && affinity !== "None") {
    errors.push(notSupported(affinityPath, affinity, ["ClientIP", "None"]));
  }
  if (affinity === "None" && spec.sessionAffinityConfig !== undefined) {
    errors.push(forbidden(affinityConfigPath, "must not be set when session affinity is None"));
  }
  if (affinity !== "ClientIP") return;
  const missing = "when session affinity type is ClientIP";
  const clientIP = spec.sessionAffinityConfig?.clientIP;
  const seconds = clientIP?.timeoutSeconds;
  if (spec.sessionAffinityConfig === undefined) errors.push(required(affinityConfigPath, missing));
  else if (clientIP === undefined) errors.push(required(affinityConfigPath.child("clientIP"), missing));
  else if (seconds === undefined)
    errors.push(required(affinityConfigPath.child("clientIP", "timeoutSeconds"), missing));
  else if (seconds <= 0 || seconds > maxAffinitySeconds) {
    const detail = `must be greater than 0 and less than ${maxAffinitySeconds}`;
    errors.push(invalid(affinityConfigPath.child("clientIP", "timeoutSeconds"), seconds, detail));
  }
}

function addExternalIPErrors(errors: FieldError[], { spec }: Service, old: Service | undefined): void {
  const options = strictly(old?.spec.externalIPs);
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const place = specPath.child("externalIPs").index(i);
    const wrong = isValidIPForLegacyField(place, ip, options);
    if (wrong.length > 0) errors.push(...wrong);
    else addEndpointIPErrors(errors, ip, () => place);
  }
}

const serviceTypes = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

function addTypeNameErrors(errors: FieldError[], { spec }: Service): void {
  if (!spec.type) errors.push(required(specPath.child("type")));
  else if (!serviceTypes.includes(spec.type)) {
    errors.push(notSupported(specPath.child("type"), spec.type, serviceTypes));
  }
  const ports = spec.ports ?? [];
  if (spec.type === "ClusterIP") {
    for (const [i, port] of ports.entries()) {
      if (!port.nodePort) continue;
      const detail = "may not be used when `type` is 'ClusterIP'";
      errors.push(forbidden(specPath.child("ports").index(i).child("nodePort"), detail));
    }
  }
  if (ports.length > 1) addDuplicatePortErrors(errors, ports);
}

function addDuplicatePortErrors(errors: FieldError[], ports: NonNullable<Service["spec"]["ports"]>): void {
  const seen = new Set<string>();
  for (const [i, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    const key = `${protocol}/${nodePort}`;
    if (seen.has(key)) errors.push(duplicate(specPath.child("ports").index(i).child("nodePort"), nodePort));
    seen.add(key);
  }
  seen.clear();
  for (const [i, { protocol, port }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) errors.push(duplicate(specPath.child("ports").index(i), duplicatePortValue(protocol, port)));
    seen.add(key);
  }
}

/** The value that upstream shows: its internal type, whose fields have no JSON names. */
function duplicatePortValue(protocol: string, port: number): object {
  return { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
}

const onlyForLoadBalancers = "may only be used when `type` is 'LoadBalancer'";

function addSourceRangeErrors(errors: FieldError[], { metadata, spec }: Service, old: Service | undefined): void {
  const annotation = metadata.annotations?.[sourceRangesAnnotation];
  if (spec.loadBalancerSourceRanges?.length) {
    // Upstream's path begins with a capital letter here.
    const place = specPath.child("LoadBalancerSourceRanges");
    if (spec.type !== "LoadBalancer") errors.push(forbidden(place, onlyForLoadBalancers));
    const options = strictly(old?.spec.loadBalancerSourceRanges?.map((range) => range.trim()));
    for (const [i, range] of spec.loadBalancerSourceRanges.entries()) {
      errors.push(...isValidCIDRForLegacyField(place.index(i), range.trim(), options));
    }
  } else if (annotation !== undefined) {
    const place = annotationsPath.key(sourceRangesAnnotation);
    if (spec.type !== "LoadBalancer") errors.push(forbidden(place, onlyForLoadBalancers));
    if (old?.metadata.annotations?.[sourceRangesAnnotation] === annotation || annotation.trim() === "") return;
    for (const range of annotation.trim().split(",")) {
      errors.push(...isValidCIDRForLegacyField(place, range.trim(), strictly()));
    }
  }
}

function addLoadBalancerErrors(errors: FieldError[], { spec }: Service): void {
  const balanced = spec.type === "LoadBalancer";
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balanced) {
    errors.push(forbidden(specPath.child("allocateLoadBalancerNodePorts"), onlyForLoadBalancers));
  }
  if (spec.allocateLoadBalancerNodePorts === undefined && balanced) {
    errors.push(required(path("allocateLoadBalancerNodePorts")));
  }
  addLoadBalancerClassErrors(errors, spec);
}

/** The class of the balancer: well-formed, and only where there is one. */
export function addLoadBalancerClassErrors(errors: FieldError[], spec: Service["spec"]): void {
  if (spec.loadBalancerClass === undefined) return;
  if (spec.type !== "LoadBalancer") errors.push(forbidden(classPath, onlyForLoadBalancers));
  else addMessages(errors, isQualifiedName(spec.loadBalancerClass), classPath, spec.loadBalancerClass);
}

const clusterOrLocal = ["Cluster", "Local"];
const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];

function addTrafficErrors(errors: FieldError[], service: Service): void {
  const { spec } = service;
  const external = spec.externalTrafficPolicy ?? "";
  if (!isExternallyAccessible(service)) {
    const detail = "may only be set for externally-accessible services";
    if (external !== "") errors.push(invalid(externalPath, external, detail));
  } else if (external === "") errors.push(required(externalPath));
  else if (!clusterOrLocal.includes(external)) errors.push(notSupported(externalPath, external, clusterOrLocal));

  const healthPort = spec.healthCheckNodePort ?? 0;
  if (needsHealthCheckNodePort(service)) {
    if (healthPort === 0) errors.push(required(healthPath));
    else addMessages(errors, isValidPortNum(healthPort), healthPath, healthPort);
  } else if (healthPort !== 0) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(healthPath, healthPort, detail));
  }

  const internal = spec.internalTrafficPolicy;
  if (internal === undefined) {
    if (spec.type !== "ExternalName" && serviceTypes.includes(spec.type ?? "")) errors.push(required(internalPath));
  } else if (!clusterOrLocal.includes(internal)) errors.push(notSupported(internalPath, internal, clusterOrLocal));

  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && !distributions.includes(distribution)) {
    errors.push(notSupported(specPath.child("trafficDistribution"), distribution, distributions));
  }
}
