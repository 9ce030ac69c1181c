import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { parseIP } from "../../../apimachinery/net/ip.ts";
import { isValidIPForLegacyField } from "../../../apimachinery/validation/addresses.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import type { LoadBalancerIngress, Service } from "../../generated/types/core-v1.ts";
import { addMessages, strictly } from "../../validation.ts";

// Rules: pkg/apis/core/validation/validation.go ValidateLoadBalancerStatus.

const ingressPath = path("status", "loadBalancer", "ingress");

/** Where a load balancer may say that it listens. */
export function addServiceStatusErrors(errors: FieldError[], service: Service, old: Service): void {
  const ingress = service.status.loadBalancer?.ingress ?? [];
  if (service.spec.type !== "LoadBalancer" && ingress.length > 0) {
    errors.push(forbidden(ingressPath, "may only be used when `spec.type` is 'LoadBalancer'"));
    return;
  }
  const existing = (old.status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  for (const [i, point] of ingress.entries()) addIngressErrors(errors, point, i, existing);
}

const modes = ["Proxy", "VIP"];

function addIngressErrors(
  errors: FieldError[],
  point: LoadBalancerIngress,
  i: number,
  existing: readonly string[],
): void {
  const { ip, ipMode, hostname } = point;
  const place = ingressPath.index(i);
  if (ip) errors.push(...isValidIPForLegacyField(place.child("ip"), ip, strictly(existing)));
  if (ipMode === undefined) {
    if (ip) errors.push(required(place.child("ipMode"), "must be specified when `ip` is set"));
  } else if (!ip) {
    errors.push(forbidden(place.child("ipMode"), "may not be specified when `ip` is not set"));
  } else if (!modes.includes(ipMode)) {
    errors.push(notSupported(place.child("ipMode"), ipMode, modes));
  }
  if (!hostname) return;
  addMessages(errors, isDNS1123Subdomain(hostname), () => place.child("hostname"), hostname);
  if (parseIP(hostname) !== undefined) {
    errors.push(invalid(place.child("hostname"), hostname, "must be a DNS name, not an IP address"));
  }
}
