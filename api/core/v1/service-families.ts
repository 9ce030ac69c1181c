import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { Service } from "../../generated/types/core-v1.ts";
import { addClusterIPErrors, isIPv6Text } from "./service-cluster-ips.ts";
import { noClusterIP, type ServiceView, sameStrings } from "./service-traits.ts";

// Which IP families a service has: pkg/registry/core/service/storage/alloc.go initIPFamilyFields.

export type IPFamily = "IPv4" | "IPv6";

/** What the cluster gives to services. */
export interface ServiceNetwork {
  /** Families that have a range of addresses; the first is the default. One or two, each once. */
  readonly families: readonly [IPFamily, ...IPFamily[]];
}

const policyPath = path("spec", "ipFamilyPolicy");
const clusterIPsPath = path("spec", "clusterIPs");
const familiesPath = path("spec", "ipFamilies");

export function familyOf(ip: string): IPFamily {
  return isIPv6Text(ip) ? "IPv6" : "IPv4";
}

function otherFamily(family: string): IPFamily {
  return family === "IPv4" ? "IPv6" : "IPv4";
}

/**
 * Fills in ipFamilyPolicy and ipFamilies, and shortens what a step to SingleStack gives up. With errors the draft is of no
 * further use: the request is refused with them, as Invalid. Never takes an address.
 */
export function setServiceFamilies(
  draft: Draft<Service>,
  old: Service | undefined,
  network: ServiceNetwork,
): readonly FieldError[] {
  const { spec } = draft;
  if (spec.type === "ExternalName" || keepsPreferredFamilies(draft, old)) return [];
  const selectorless = spec.clusterIP === noClusterIP && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (selectorless ? "RequireDualStack" : "SingleStack");
  const errors: FieldError[] = [];
  addClusterIPErrors(errors, draft, old);
  if (errors.length > 0) return errors;
  if (old !== undefined) addReductionErrors(errors, draft, old);
  addSingleStackErrors(errors, draft);
  addInferredFamilies(errors, draft, network);
  if (errors.length > 0) return errors;
  if (selectorless) {
    // Who writes such a service's endpoints may have any family, whatever the cluster has.
    addSecondFamily(draft, network);
    return [];
  }
  addNetworkErrors(errors, draft, network);
  if (errors.length > 0) return errors;
  if (network.families.length === 2) addSecondFamily(draft, network);
  else if (!spec.ipFamilies?.length) spec.ipFamilies = [network.families[0]];
  return [];
}

/**
 * A PreferDualStack service keeps what it has though the cluster became dual stack or ceased to be: only another policy,
 * or another count of addresses or families, moves it.
 */
export function keepsPreferredFamilies({ spec }: ServiceView, old: ServiceView | undefined): boolean {
  if (old === undefined || spec.ipFamilyPolicy !== "PreferDualStack" || old.spec.type !== spec.type) return false;
  if (spec.type !== "ClusterIP" && spec.type !== "NodePort" && spec.type !== "LoadBalancer") return false;
  if (old.spec.ipFamilyPolicy !== undefined && old.spec.ipFamilyPolicy !== "PreferDualStack") return false;
  return sameStrings(old.spec.clusterIPs, spec.clusterIPs) && sameStrings(old.spec.ipFamilies, spec.ipFamilies);
}

function addReductionErrors(errors: FieldError[], { spec }: Draft<Service>, old: Service): void {
  if (spec.ipFamilyPolicy === "SingleStack") {
    // The intent is clear as long as the client touched neither list; the first of each never changes.
    const { clusterIPs = [], ipFamilies = [] } = spec;
    if (sameStrings(old.spec.clusterIPs, clusterIPs) && clusterIPs.length > 1) spec.clusterIPs = clusterIPs.slice(0, 1);
    if (sameStrings(old.spec.ipFamilies, ipFamilies) && ipFamilies.length > 1) spec.ipFamilies = ipFamilies.slice(0, 1);
    return;
  }
  const reduced = (now: readonly string[] = [], before: readonly string[] = []): boolean =>
    now.length > 0 && now.length < before.length;
  if (reduced(spec.clusterIPs, old.spec.clusterIPs)) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP"));
  }
  if (reduced(spec.ipFamilies, old.spec.ipFamilies)) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family"));
  }
}

function addSingleStackErrors(errors: FieldError[], { spec }: Draft<Service>): void {
  if (spec.ipFamilyPolicy !== "SingleStack") return;
  const several = (what: string): unknown => {
    const detail = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
    return errors.push(invalid(policyPath, spec.ipFamilyPolicy, detail));
  };
  if (spec.clusterIPs?.length === 2) several("cluster IPs");
  if (spec.ipFamilies?.length === 2) several("IP families");
}

/** An address says which family is wanted at its place. */
function addInferredFamilies(errors: FieldError[], { spec }: Draft<Service>, { families }: ServiceNetwork): void {
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === noClusterIP) return;
    if (i < (spec.ipFamilies?.length ?? 0)) continue;
    const family = familyOf(ip);
    if (families.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    else errors.push(invalid(clusterIPsPath.index(i), spec.clusterIPs, `${family} is not configured on this cluster`));
  }
}

function addNetworkErrors(errors: FieldError[], { spec }: Draft<Service>, { families }: ServiceNetwork): void {
  if (spec.ipFamilyPolicy === "RequireDualStack" && families.length < 2) {
    const detail = "this cluster is not configured for dual-stack services";
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, detail));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (families.includes(family as IPFamily)) continue;
    errors.push(invalid(familiesPath.index(i), family, "not configured on this cluster"));
  }
}

function addSecondFamily({ spec }: Draft<Service>, { families }: ServiceNetwork): void {
  if (!spec.ipFamilies?.length) spec.ipFamilies = [families[0]];
  if (spec.ipFamilyPolicy === "SingleStack" || spec.ipFamilies.length !== 1) return;
  spec.ipFamilies = [...spec.ipFamilies, otherFamily(spec.ipFamilies[0]!)];
}
