import { containsIP, equalIP, formatIP, type IpAddress, isIPv4, parseCIDR, parseIP } from "../../net/ip.ts";
import { goQuote } from "../../text/go-quote.ts";
import { globalFunction, memberFunction } from "../check/function.ts";
import { boolType, intType, opaqueType, stringType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { OpaqueValue, type Result, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { addressError, prefixError } from "./netip.ts";
import { receive } from "./values.ts";

export const ipType = opaqueType("net.IP");
export const cidrType = opaqueType("net.CIDR");

class IpValue extends OpaqueValue {
  readonly type = ipType;
  readonly ip: IpAddress;

  constructor(ip: IpAddress) {
    super();
    this.ip = ip;
  }

  equals(other: Value): boolean {
    return other instanceof IpValue && equalIP(this.ip, other.ip);
  }

  override costSize(): number {
    return this.ip.bytes.length;
  }
}

class CidrValue extends OpaqueValue {
  readonly type = cidrType;
  readonly ip: IpAddress;
  readonly prefix: number;

  constructor(ip: IpAddress, prefix: number) {
    super();
    this.ip = ip;
    this.prefix = prefix;
  }

  equals(other: Value): boolean {
    return other instanceof CidrValue && this.prefix === other.prefix && equalIP(this.ip, other.ip);
  }

  masked(): CidrValue {
    const bytes = this.ip.bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, this.prefix - i * 8))));
    return new CidrValue({ bytes, mapped: false }, this.prefix);
  }

  contains(ip: IpAddress): boolean {
    const network = this.masked().ip;
    return containsIP({ ip: network, network, prefix: this.prefix }, ip);
  }

  override costSize(): number {
    return Math.ceil(this.prefix / 8);
  }

  text(): string {
    return `${formatIP(this.ip)}/${this.prefix}`;
  }
}

function toIP(text: string): IpValue | CelError {
  const wrong = addressError(text);
  if (wrong !== undefined) {
    return new CelError(`IP Address ${goQuote(text)} parse error during conversion from string: ${wrong}`);
  }
  if (text.includes("%")) return new CelError(`IP address ${goQuote(text)} with zone value is not allowed`);
  const ip = parseIP(text)!;
  return ip.mapped ? new CelError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`) : new IpValue(ip);
}

function toCIDR(text: string): CidrValue | CelError {
  const failed = "network address parse error during conversion from string";
  const wrong = prefixError(text);
  if (wrong !== undefined) return new CelError(`${failed}: ${failed}: ${wrong}`);
  const { ip } = parseCIDR(text)!;
  if (ip.mapped) return new CelError(`${failed}: IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  return new CidrValue(ip, Number(text.slice(text.lastIndexOf("/") + 1)));
}

type Test = (bytes: Uint8Array, v4: boolean) => boolean;

const unspecified: Test = (bytes) => bytes.every((byte) => byte === 0);
const loopback: Test = (bytes, v4) =>
  v4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
const multicast: Test = (bytes, v4) => (v4 ? (bytes[0]! & 0xf0) === 0xe0 : bytes[0] === 0xff);
const linkLocalMulticast: Test = (bytes, v4) =>
  v4 ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0 : bytes[0] === 0xff && (bytes[1]! & 0x0f) === 2;
const linkLocalUnicast: Test = (bytes, v4) =>
  v4 ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
const broadcast: Test = (bytes, v4) => v4 && bytes.every((byte) => byte === 255);
const globalUnicast: Test = (bytes, v4) =>
  ![unspecified, loopback, multicast, linkLocalUnicast, broadcast].some((test) => test(bytes, v4));

const tests: readonly (readonly [name: string, id: string, test: Test])[] = [
  ["isUnspecified", "ip_is_unspecified", unspecified],
  ["isLoopback", "ip_is_loopback", loopback],
  ["isLinkLocalMulticast", "ip_is_link_local_multicast", linkLocalMulticast],
  ["isLinkLocalUnicast", "ip_is_link_local_unicast", linkLocalUnicast],
  ["isGlobalUnicast", "ip_is_global_unicast", globalUnicast],
];

/** Upstream: apiserver/pkg/cel/library/ip.go. */
export const ipLibrary: Library = {
  name: "kubernetes.net.ip",
  types: new Map([[ipType.name, ipType]]),
  functions: [
    globalFunction("ip", ["string_to_ip", [stringType], ipType, ([text]) => toIP(text as string)]),
    globalFunction("isIP", ["is_ip", [stringType], boolType, ([text]) => !(toIP(text as string) instanceof CelError)]),
    globalFunction("ip.isCanonical", [
      "ip_is_canonical",
      [stringType],
      boolType,
      ([text]) => {
        const value = toIP(text as string);
        return value instanceof CelError ? value : formatIP(value.ip) === text;
      },
    ]),
    globalFunction("string", ["ip_to_string", [ipType], stringType, receive(IpValue, ({ ip }) => formatIP(ip))]),
    memberFunction("family", ["ip_family", [ipType], intType, receive(IpValue, ({ ip }) => (isIPv4(ip) ? 4n : 6n))]),
    ...tests.map(([name, id, test]) =>
      memberFunction(name, [id, [ipType], boolType, receive(IpValue, ({ ip }) => test(ip.bytes, isIPv4(ip)))]),
    ),
  ],
};

function containsAddress(cidr: CidrValue, [other]: readonly Value[]): Result {
  const ip = typeof other === "string" ? toIP(other) : other;
  if (ip instanceof CelError) return ip;
  return ip instanceof IpValue ? cidr.contains(ip.ip) : new CelError("no such overload");
}

function containsBlock(cidr: CidrValue, [other]: readonly Value[]): Result {
  const block = typeof other === "string" ? toCIDR(other) : other;
  if (block instanceof CelError) return block;
  return block instanceof CidrValue
    ? cidr.prefix <= block.prefix && cidr.contains(block.ip)
    : new CelError("no such overload");
}

/** Upstream: apiserver/pkg/cel/library/cidr.go. */
export const cidrLibrary: Library = {
  name: "kubernetes.net.cidr",
  types: new Map([[cidrType.name, cidrType]]),
  functions: [
    globalFunction("cidr", ["string_to_cidr", [stringType], cidrType, ([text]) => toCIDR(text as string)]),
    globalFunction("isCIDR", [
      "is_cidr",
      [stringType],
      boolType,
      ([text]) => !(toCIDR(text as string) instanceof CelError),
    ]),
    globalFunction("string", ["cidr_to_string", [cidrType], stringType, receive(CidrValue, (cidr) => cidr.text())]),
    memberFunction(
      "containsIP",
      ["cidr_contains_ip_string", [cidrType, stringType], boolType, receive(CidrValue, containsAddress)],
      ["cidr_contains_ip_ip", [cidrType, ipType], boolType, receive(CidrValue, containsAddress)],
    ),
    memberFunction(
      "containsCIDR",
      ["cidr_contains_cidr_string", [cidrType, stringType], boolType, receive(CidrValue, containsBlock)],
      ["cidr_contains_cidr", [cidrType, cidrType], boolType, receive(CidrValue, containsBlock)],
    ),
    memberFunction("ip", ["cidr_ip", [cidrType], ipType, receive(CidrValue, ({ ip }) => new IpValue(ip))]),
    memberFunction("prefixLength", [
      "cidr_prefix_length",
      [cidrType],
      intType,
      receive(CidrValue, ({ prefix }) => BigInt(prefix)),
    ]),
    memberFunction("masked", ["cidr_masked", [cidrType], cidrType, receive(CidrValue, (cidr) => cidr.masked())]),
  ],
};
