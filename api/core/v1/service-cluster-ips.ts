import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { isIPv6, parseIP } from "../../../apimachinery/net/ip.ts";
import { isValidIPForLegacyField } from "../../../apimachinery/validation/addresses.ts";
import { strictly } from "../../validation.ts";
import { isHeadless, noClusterIP, type ServiceView } from "./service-traits.ts";

// Rules: pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields, validateUpgradeDowngrade*.

const specPath = path("spec");
const clusterIPsPath = specPath.child("clusterIPs");
const familiesPath = specPath.child("ipFamilies");
const policyPath = specPath.child("ipFamilyPolicy");
const families = ["IPv4", "IPv6"];
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];

/** True for IPv6 text; IPv4 and what is no address are not. */
export function isIPv6Text(text: string): boolean {
  const ip = parseIP(text);
  return ip !== undefined && isIPv6(ip);
}

/** How clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy must agree. */
export function addClusterIPErrors(errors: FieldError[], service: ServiceView, old: ServiceView | undefined): void {
  const { spec } = service;
  if (spec.type === "ExternalName") return;
  const ips = spec.clusterIPs ?? [];
  if (spec.clusterIP) {
    if (ips.length === 0) errors.push(required(clusterIPsPath));
    else if (ips[0] !== spec.clusterIP) errors.push(invalid(clusterIPsPath, ips, "first value must match `clusterIP`"));
  } else if (ips.length > 0) {
    errors.push(invalid(clusterIPsPath, ips, "must be empty when `clusterIP` is not specified"));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!families.includes(family)) errors.push(notSupported(familiesPath.index(i), family, families));
    if (spec.ipFamilies!.indexOf(family) < i) errors.push(duplicate(familiesPath.index(i), family));
  }
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(spec.ipFamilyPolicy)) {
    errors.push(notSupported(policyPath, spec.ipFamilyPolicy, policies));
  }
  if (!addAddressErrors(errors, ips, old?.spec.clusterIPs)) return;
  if (ips.length > 1 && !areOfTwoFamilies(ips)) {
    errors.push(invalid(clusterIPsPath, ips, "may specify no more than one IP for each IP family"));
  }
  if (!isHeadless(service)) addFamilyMismatchErrors(errors, ips, spec.ipFamilies ?? []);
}

/** Returns whether each is an address, so that it makes sense to compare them. */
function addAddressErrors(errors: FieldError[], ips: readonly string[], old: readonly string[] | undefined): boolean {
  let good = true;
  const options = strictly(old);
  for (const [i, ip] of ips.entries()) {
    if (i === 0 && ip === noClusterIP) {
      if (ips.length > 1) {
        good = false;
        errors.push(invalid(clusterIPsPath, ips, "'None' must be the first and only value"));
      }
      continue;
    }
    const wrong = isValidIPForLegacyField(clusterIPsPath.index(i), ip, options);
    good &&= wrong.length === 0;
    errors.push(...wrong);
  }
  if (ips.length > 2) errors.push(invalid(clusterIPsPath, ips, "may only hold up to 2 values"));
  return good;
}

function areOfTwoFamilies(ips: readonly string[]): boolean {
  return ips.some(isIPv6Text) && !ips.every(isIPv6Text);
}

function addFamilyMismatchErrors(errors: FieldError[], ips: readonly string[], wanted: readonly string[]): void {
  for (let i = 0; i < ips.length && i < wanted.length; i++) {
    const six = isIPv6Text(ips[i]!);
    if ((wanted[i] === "IPv4" && six) || (wanted[i] === "IPv6" && !six)) {
      const detail = `expected an ${wanted[i]} value as indicated by \`ipFamilies[${i}]\``;
      errors.push(invalid(clusterIPsPath.index(i), ips[i], detail));
    }
  }
}

/** The primary address never changes; the secondary comes and goes only as ipFamilyPolicy says. */
export function addClusterIPChangeErrors(errors: FieldError[], service: ServiceView, old: ServiceView): void {
  if (service.spec.type === "ExternalName" || old.spec.type === "ExternalName") return;
  if (isHeadless(service) && isHeadless(old)) return;
  const now = service.spec.clusterIPs ?? [];
  const before = old.spec.clusterIPs ?? [];
  if (before.length === now.length) {
    for (const [i, ip] of before.entries()) {
      if (ip !== now[i]) errors.push(invalid(clusterIPsPath.index(i), now, "may not change once set"));
    }
    return;
  }
  const first = clusterIPsPath.index(0);
  if (now.length === 0) errors.push(invalid(first, now, "primary clusterIP can not be unset"));
  else if (before.length > 0 && now[0] !== before[0]) errors.push(invalid(first, now, "may not change once set"));
  if (before.length > now.length && now.length === 1) addReleaseErrors(errors, service, "clusterIP");
}

/** The same for families, which headless services may change. */
export function addFamilyChangeErrors(errors: FieldError[], service: ServiceView, old: ServiceView): void {
  if (service.spec.type === "ExternalName" || old.spec.type === "ExternalName") return;
  if (isHeadless(service) || isHeadless(old)) return;
  const now = service.spec.ipFamilies ?? [];
  const before = old.spec.ipFamilies ?? [];
  const first = familiesPath.index(0);
  if (before.length === now.length) {
    for (const [i, family] of before.entries()) {
      if (family !== now[i]) errors.push(invalid(first, now, "may not change once set"));
    }
    return;
  }
  const ips = service.spec.clusterIPs ?? [];
  if (before.length > now.length && ips.length === 0) {
    errors.push(invalid(first, now, "primary ipFamily can not be unset"));
  }
  if (before.length > 0 && now.length > 0 && now[0] !== before[0]) {
    errors.push(invalid(first, ips, "may not change once set"));
  }
  if (before.length > now.length && now.length === 1) addReleaseErrors(errors, service, "ipFamily");
}

function addReleaseErrors(errors: FieldError[], { spec }: ServiceView, what: string): void {
  if (spec.ipFamilyPolicy === "SingleStack") return;
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  errors.push(invalid(policyPath, spec.ipFamilyPolicy ?? null, detail));
}
