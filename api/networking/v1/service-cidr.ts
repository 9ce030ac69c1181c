import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { isIPv6, parseCIDR } from "../../../apimachinery/net/ip.ts";
import { isValidCIDR } from "../../../apimachinery/validation/addresses.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/networking-v1.ts";

export type ServiceCIDR = types.ServiceCIDR;

const cidrsPath = path("spec", "cidrs");

/** A range that services get their addresses from (ValidateServiceCIDR, ValidateServiceCIDRUpdate). */
export const ServiceCIDR = defineBuiltIn<ServiceCIDR>("networking.k8s.io/v1/servicecidrs", {
  keeps: { status: [["metadata"]] },
  columns: [nameColumn, textColumn("CIDRs", ({ spec }) => (spec.cidrs ?? []).join(",")), ageColumn],
  validate({ spec }, old, { subresource }) {
    if (subresource === "status") return [];
    const cidrs = spec.cidrs ?? [];
    return old === undefined ? cidrErrors(cidrs) : changeErrors(cidrs, old.spec.cidrs ?? []);
  },
});

function cidrErrors(cidrs: readonly string[]): readonly FieldError[] {
  if (cidrs.length === 0) return [required(cidrsPath, "at least one CIDR required")];
  if (cidrs.length > 2) return [invalid(cidrsPath, { CIDRs: cidrs }, "may only hold up to 2 values")];
  const errors = cidrs.flatMap((cidr, i) => isValidCIDR(cidrsPath.index(i), cidr));
  const [first, second] = cidrs.map(parseCIDR);
  if (first !== undefined && second !== undefined && isIPv6(first.network) === isIPv6(second.network)) {
    const detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
    errors.push(invalid(cidrsPath, cidrs, detail));
  }
  return errors;
}

/** A second family may be added, once; nothing else changes. */
function changeErrors(cidrs: readonly string[], old: readonly string[]): readonly FieldError[] {
  const immutable = "field is immutable";
  if (cidrs.length === old.length) {
    return cidrs.flatMap((cidr, i) => (cidr === old[i] ? [] : [invalid(cidrsPath.index(i), cidr, immutable)]));
  }
  if (old.length !== 1 || cidrs.length !== 2) return [invalid(cidrsPath, cidrs, immutable)];
  const first = cidrs[0] === old[0] ? [] : [invalid(cidrsPath.index(0), cidrs[0], immutable)];
  return [...first, ...cidrErrors(cidrs)];
}
