import type { FieldError } from "../field/error.ts";
import { invalid } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import {
  type Cidr,
  equalIP,
  formatCIDR,
  formatIP,
  type IpAddress,
  isIPv6,
  isStrictIP,
  parseCIDR,
  parseIP,
} from "../net/ip.ts";
import { goQuote } from "../text/go-quote.ts";

// Rules and texts: apimachinery/pkg/util/validation/ip.go.

export interface LegacyOptions {
  /** Refuse ambiguous forms (feature gate StrictIPCIDRValidation, on since 1.36). */
  readonly strict: boolean;
  /** Values that the stored object already has: always accepted. */
  readonly validOld?: readonly string[];
}

function checkIP(place: Path, value: string, strict: boolean): { ip?: IpAddress; errors: FieldError[] } {
  const ip = parseIP(value);
  if (ip === undefined) {
    return { errors: [invalid(place, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")] };
  }
  const errors: FieldError[] = [];
  if (strict && !isStrictIP(value)) errors.push(invalid(place, value, "must not have leading 0s"));
  else if (strict && ip.mapped) errors.push(invalid(place, value, "must not be an IPv4-mapped IPv6 address"));
  return { ip, errors };
}

/** For new fields: unambiguous and canonical. */
export function isValidIP(place: Path, value: string): readonly FieldError[] {
  const { ip, errors } = checkIP(place, value, true);
  if (ip === undefined || errors.length > 0) return errors;
  const canonical = formatIP(ip);
  return value === canonical ? [] : [invalid(place, value, `must be in canonical form (${goQuote(canonical)})`)];
}

/** For fields of before the strict rules. */
export function isValidIPForLegacyField(place: Path, value: string, options: LegacyOptions): readonly FieldError[] {
  if (options.validOld?.includes(value)) return [];
  return checkIP(place, value, options.strict).errors;
}

/** Warnings for a value that isValidIPForLegacyField accepts. */
export function warningsForIP(place: Path | string, value: string): readonly string[] {
  const ip = parseIP(value);
  if (ip === undefined) return [];
  const canonical = formatIP(ip);
  if (!isStrictIP(value) || ip.mapped) {
    return [`${place}: non-standard IP address ${goQuote(value)} is invalid: use ${goQuote(canonical)}`];
  }
  if (!isIPv6(ip) || value === canonical) return [];
  return [`${place}: IPv6 address ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(canonical)})`];
}

/** True where Go's netip.ParsePrefix accepts it too. */
function isStrictCIDR(value: string): boolean {
  const [address, prefix] = value.split("/") as [string, string];
  return isStrictIP(address) && !/^0[0-9]/.test(prefix);
}

function checkCIDR(place: Path, value: string, strict: boolean): { cidr?: Cidr; errors: FieldError[] } {
  const cidr = parseCIDR(value);
  if (cidr === undefined) {
    return { errors: [invalid(place, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")] };
  }
  if (!strict) return { cidr, errors: [] };
  const errors: FieldError[] = [];
  if (!isStrictCIDR(value)) errors.push(invalid(place, value, "must not have leading 0s in IP or prefix length"));
  else if (cidr.ip.mapped) errors.push(invalid(place, value, "must not have an IPv4-mapped IPv6 address"));
  else if (!equalIP(cidr.ip, cidr.network))
    errors.push(invalid(place, value, "must not have bits set beyond the prefix length"));
  return { cidr, errors };
}

/** For new fields: unambiguous and canonical. */
export function isValidCIDR(place: Path, value: string): readonly FieldError[] {
  const { cidr, errors } = checkCIDR(place, value, true);
  if (cidr === undefined || errors.length > 0) return errors;
  const canonical = formatCIDR(cidr);
  return value === canonical ? [] : [invalid(place, value, `must be in canonical form (${goQuote(canonical)})`)];
}

/** For fields of before the strict rules. */
export function isValidCIDRForLegacyField(place: Path, value: string, options: LegacyOptions): readonly FieldError[] {
  if (options.validOld?.includes(value)) return [];
  return checkCIDR(place, value, options.strict).errors;
}

/** Warnings for a value that isValidCIDRForLegacyField accepts. */
export function warningsForCIDR(place: Path | string, value: string): readonly string[] {
  const cidr = parseCIDR(value);
  if (cidr === undefined) return [];
  const warnings: string[] = [];
  const canonical = goQuote(formatCIDR(cidr));
  const quoted = goQuote(value);
  if (!equalIP(cidr.ip, cidr.network)) {
    const single = `${formatIP(cidr.ip)}/${value.includes(":") ? 128 : 32}`;
    warnings.push(
      `${place}: CIDR value ${quoted} is ambiguous in this context (should be ${canonical} or ${goQuote(single)}?)`,
    );
  }
  if (!isStrictCIDR(value) || cidr.ip.mapped) {
    warnings.push(`${place}: non-standard CIDR value ${quoted} is invalid: use ${canonical}`);
  }
  if (warnings.length === 0 && isIPv6(cidr.ip) && formatCIDR(cidr) !== value) {
    warnings.push(`${place}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${canonical})`);
  }
  return warnings;
}

/** An address with its prefix length, as an interface has it: `10.9.8.7/24`, canonical. */
export function isValidInterfaceAddress(place: Path, value: string): readonly FieldError[] {
  const cidr = parseCIDR(value);
  if (cidr === undefined) {
    return [invalid(place, value, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")];
  }
  const written = Number(value.slice(value.indexOf("/") + 1));
  const canonical = `${formatIP(cidr.ip)}/${cidr.ip.mapped && written > 32 ? written - 96 : written}`;
  return value === canonical ? [] : [invalid(place, value, `must be in canonical form (${goQuote(canonical)})`)];
}
