import { forbidden, invalid, required, tooLong } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../../apimachinery/text/go-quote.ts";
import { isValidIPForLegacyField } from "../../../../../apimachinery/validation/addresses.ts";
import { isDNS1123SubdomainWithUnderscore } from "../../../../../apimachinery/validation/dns.ts";
import type { HostAlias, PodSpec } from "../../../../generated/types/core-v1.ts";
import { type Check, checkMessages, checkSubdomain } from "./check.ts";

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;

/** pkg/apis/core/validation validatePodDNSConfig. */
export function validateDNSConfig(check: Check, { dnsPolicy, dnsConfig }: PodSpec, place: Path): void {
  const nameservers = dnsConfig?.nameservers ?? [];
  if (dnsPolicy === "None" && dnsConfig === undefined) {
    return void check.errors.push(required(place, "must provide `dnsConfig` when `dnsPolicy` is None"));
  }
  if (dnsPolicy === "None" && nameservers.length === 0) {
    const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    return void check.errors.push(required(place.child("nameservers"), detail));
  }
  if (dnsConfig === undefined) return;
  if (nameservers.length > maxNameservers) {
    const detail = `must not have more than ${maxNameservers} nameservers`;
    check.errors.push(invalid(place.child("nameservers"), nameservers, detail));
  }
  nameservers.forEach((address, i) => {
    check.errors.push(...isValidIPForLegacyField(place.child("nameservers").index(i), address, { strict: true }));
  });
  validateSearches(check, dnsConfig.searches ?? [], place.child("searches"));
  dnsConfig.options?.forEach((option, i) => {
    if (!option.name) check.errors.push(required(place.child("options").index(i), "must not be empty"));
  });
}

function validateSearches(check: Check, searches: readonly string[], place: Path): void {
  if (searches.length > maxSearches) {
    check.errors.push(invalid(place, searches, `must not have more than ${maxSearches} search paths`));
  }
  if (byteLength(searches.join(" ")) > maxSearchCharacters) {
    const detail = `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`;
    check.errors.push(invalid(place, searches, detail));
  }
  searches.forEach((search, i) => {
    if (search === ".") return;
    const name = search.endsWith(".") ? search.slice(0, -1) : search;
    checkMessages(check, place.index(i), name, isDNS1123SubdomainWithUnderscore(name));
  });
}

export function validateHostAliases(check: Check, aliases: readonly HostAlias[], place: Path): void {
  aliases.forEach(({ ip = "", hostnames }, i) => {
    check.errors.push(...isValidIPForLegacyField(place.index(i).child("ip"), ip, { strict: true }));
    hostnames?.forEach((name, j) => {
      checkSubdomain(check, place.index(i).child("hostnames").index(j), name);
    });
  });
}

/** pkg/apis/core/validation validatePodHostName. */
export function validateHostnameOverride(check: Check, spec: PodSpec, place: Path): void {
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const at = place.child("hostnameOverride");
  if (spec.setHostnameAsFQDN) check.errors.push(forbidden(at, "may not be specified when setHostnameAsFQDN is true"));
  if (spec.hostNetwork) check.errors.push(forbidden(at, "may not be specified when hostNetwork is true"));
  if (byteLength(name) > 64) check.errors.push(tooLong(at, 64));
  checkSubdomain(check, at, name);
}
