import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { parseIP } from "../../../apimachinery/net/ip.ts";
import { isDNS1123Subdomain, isWildcardDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { isValidPortName, isValidPortNum } from "../../../apimachinery/validation/formats.ts";
import { nameIsDNSLabel, nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { HTTPIngressPath, IngressBackend, IngressRule, IngressSpec } from "../../generated/types/networking-v1.ts";
import { addMessages } from "../../validation.ts";
import { addReferenceErrors } from "./references.ts";

// Rules: pkg/apis/networking/validation/validation.go ValidateIngressSpec and what it calls.

const specPath = path("spec");
const rulesPath = specPath.child("rules");
const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

export function addIngressSpecErrors(errors: FieldError[], spec: IngressSpec, old: IngressSpec | undefined): void {
  const rules = spec.rules ?? [];
  if (rules.length === 0 && spec.defaultBackend === undefined) {
    errors.push(invalid(specPath, spec.rules ?? null, "either `defaultBackend` or `rules` must be specified"));
  }
  if (spec.defaultBackend) addBackendErrors(errors, spec.defaultBackend, specPath.child("defaultBackend"));
  const lenientWildcards = (old?.rules ?? []).some(
    (rule) => rule.host?.includes("*") && httpErrors(rule, rulesPath).length > 0,
  );
  for (const [i, rule] of rules.entries()) {
    addHostErrors(errors, rule.host ?? "", rulesPath.index(i).child("host"), "rule");
    if (!(lenientWildcards && rule.host?.includes("*"))) errors.push(...httpErrors(rule, rulesPath.index(i)));
  }
  addTLSErrors(errors, spec, old);
  if (spec.ingressClassName !== undefined) {
    const messages = nameIsDNSSubdomain(spec.ingressClassName, false);
    addMessages(errors, messages, specPath.child("ingressClassName"), spec.ingressClassName);
  }
}

function addTLSErrors(errors: FieldError[], { tls = [] }: IngressSpec, old: IngressSpec | undefined): void {
  const wrongName = (name: string | undefined): readonly string[] => (name ? nameIsDNSSubdomain(name, false) : []);
  const lenient = (old?.tls ?? []).some(({ secretName }) => wrongName(secretName).length > 0);
  for (const [i, { hosts = [], secretName }] of tls.entries()) {
    const place = specPath.child("tls").index(i);
    for (const [j, host] of hosts.entries()) addHostErrors(errors, host, place.child("hosts").index(j), "tls");
    if (!lenient) addMessages(errors, wrongName(secretName), place.child("secretName"), secretName);
  }
}

function addHostErrors(errors: FieldError[], host: string, place: Path, where: "rule" | "tls"): void {
  if (where === "rule") {
    if (host === "") return;
    if (parseIP(host) !== undefined) errors.push(invalid(place, host, "must be a DNS name, not an IP address"));
  }
  const messages = host.includes("*") ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host);
  addMessages(errors, messages, place, host);
}

function httpErrors({ http }: IngressRule, place: Path): readonly FieldError[] {
  if (http === undefined) return [];
  const errors: FieldError[] = [];
  const paths = http.paths ?? [];
  const pathsPath = place.child("http", "paths");
  if (paths.length === 0) errors.push(required(pathsPath));
  for (const [i, item] of paths.entries()) addPathErrors(errors, item, pathsPath.index(i));
  return errors;
}

function addPathErrors(errors: FieldError[], item: HTTPIngressPath, place: Path): void {
  const { path: text = "", pathType } = item;
  const at = place.child("path");
  if (!pathType) {
    errors.push(required(place.child("pathType"), "pathType must be specified"));
    return;
  }
  if (!pathTypes.includes(pathType)) errors.push(notSupported(place.child("pathType"), pathType, pathTypes));
  else if (!text.startsWith("/") && (text !== "" || pathType !== "ImplementationSpecific")) {
    errors.push(invalid(at, text, "must be an absolute path"));
  }
  if (pathType === "Exact" || pathType === "Prefix") {
    for (const part of ["//", "/./", "/../", "%2f", "%2F"]) {
      if (text.includes(part)) errors.push(invalid(at, text, `must not contain '${part}'`));
    }
    for (const end of ["/..", "/."]) {
      if (text.endsWith(end)) errors.push(invalid(at, text, `cannot end with '${end}'`));
    }
  }
  addBackendErrors(errors, item.backend ?? {}, place.child("backend"));
}

function addBackendErrors(errors: FieldError[], { resource, service }: IngressBackend, place: Path): void {
  if (resource !== undefined && service !== undefined) {
    errors.push(invalid(place, "", "cannot set both resource and service backends"));
    return;
  }
  if (resource !== undefined) addReferenceErrors(errors, resource, place.child("resource"));
  else if (service === undefined) errors.push(invalid(place, "", "resource or service backend is required"));
  if (service === undefined) return;
  const name = service.name ?? "";
  const at = place.child("service", "name");
  if (name === "") errors.push(required(at));
  else addMessages(errors, nameIsDNSLabel(name, false), at, name);
  const { name: portName, number } = service.port ?? {};
  const port = place.child("service", "port");
  if (portName && number) errors.push(invalid(place, "", "cannot set both port name & port number"));
  else if (portName) addMessages(errors, isValidPortName(portName), port.child("name"), portName);
  else if (number) addMessages(errors, isValidPortNum(number), port.child("number"), number);
  else errors.push(required(place, "port name or number is required"));
}
