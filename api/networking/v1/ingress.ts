import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { parseIP } from "../../../apimachinery/net/ip.ts";
import { isValidIPForLegacyField } from "../../../apimachinery/validation/addresses.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { ingressTexts } from "../../core/v1/service.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/networking-v1.ts";
import { addMessages, strictly } from "../../validation.ts";
import { addIngressSpecErrors } from "./ingress-validation.ts";

// Rules: pkg/apis/networking/validation ValidateIngressCreate, ValidateIngressStatusUpdate; printIngress.

export type Ingress = types.Ingress;

const classAnnotation = "kubernetes.io/ingress.class";
const pointsPath = path("status", "loadBalancer", "ingress");

/** How requests from outside find services by host and path. */
export const Ingress = defineBuiltIn<Ingress>("networking.k8s.io/v1/ingresses", {
  storagePath: "ingress",
  generation: true,
  columns: [
    nameColumn,
    textColumn("Class", ({ spec }) => spec.ingressClassName ?? "<none>"),
    textColumn("Hosts", hostsText),
    textColumn("Address", ({ status }) => ingressTexts(status.loadBalancer?.ingress).join(",")),
    textColumn("Ports", ({ spec }) => (spec.tls?.length ? "80, 443" : "80")),
    ageColumn,
  ],
  validate(ingress, old, { subresource }) {
    const errors: FieldError[] = [];
    if (subresource === "status") {
      addStatusErrors(errors, ingress, old);
      return errors;
    }
    addIngressSpecErrors(errors, ingress.spec, old?.spec);
    const annotated = ingress.metadata.annotations?.[classAnnotation];
    const className = ingress.spec.ingressClassName;
    if (old === undefined && annotated !== undefined && className !== undefined && annotated !== className) {
      const detail = "must match `ingressClassName` when both are specified";
      errors.push(invalid(path("annotations", classAnnotation), annotated, detail));
    }
    return errors;
  },
});

function addStatusErrors(errors: FieldError[], { status }: Ingress, old: Ingress | undefined): void {
  const existing = (old?.status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  for (const [i, { ip, hostname }] of (status.loadBalancer?.ingress ?? []).entries()) {
    const place = pointsPath.index(i);
    if (ip) errors.push(...isValidIPForLegacyField(place.child("ip"), ip, strictly(existing)));
    if (!hostname) continue;
    addMessages(errors, isDNS1123Subdomain(hostname), place.child("hostname"), hostname);
    if (parseIP(hostname) === undefined) continue;
    errors.push(invalid(place.child("hostname"), hostname, "must be a DNS name, not an IP address"));
  }
}

const shown = 3;

/** The hosts of the rules up to three; more rules than were needed for that are counted, with or without a host. */
function hostsText({ spec }: Ingress): string {
  const rules = spec.rules ?? [];
  const hosts: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (hosts.length === shown) more = true;
    else if (host) hosts.push(host);
  }
  if (hosts.length === 0) return "*";
  return more ? `${hosts.join(",")} + ${rules.length - shown} more...` : hosts.join(",");
}
