/**
 * IP addresses and CIDR blocks, parsed as Kubernetes does (k8s.io/utils/net ParseIPSloppy, ParseCIDRSloppy: Go's net
 * package of before 1.17, which lets decimal and hexadecimal numbers begin with zeros).
 */
export interface IpAddress {
  /** Network order: 4 bytes for IPv4 (also where it was written as `::ffff:1.2.3.4`), 16 for IPv6. */
  readonly bytes: Uint8Array;
  /** It was written as an IPv4-mapped IPv6 address. */
  readonly mapped: boolean;
}

export interface Cidr {
  /** The address as written. */
  readonly ip: IpAddress;
  /** The first address of the block. */
  readonly network: IpAddress;
  /** Length of the prefix, counted in the network's own family. */
  readonly prefix: number;
}

/** Numbers above this are refused while they are read. */
const big = 0xffffff;

function readNumber(text: string, start: number, radix: 10 | 16): { value: number; end: number } | undefined {
  let value = 0;
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    let digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : 99;
    if (radix === 16 && digit === 99) {
      const lower = code | 0x20;
      if (lower >= 0x61 && lower <= 0x66) digit = lower - 0x61 + 10;
    }
    if (digit === 99) break;
    value = value * radix + digit;
    if (value >= big) return undefined;
  }
  return end === start ? undefined : { value, end };
}

function parseV4(text: string, start = 0): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let at = start;
  for (let i = 0; i < 4; i++) {
    if (i > 0 && text[at++] !== ".") return undefined;
    const number = readNumber(text, at, 10);
    if (number === undefined || number.value > 0xff) return undefined;
    bytes[i] = number.value;
    at = number.end;
  }
  return at === text.length ? bytes : undefined;
}

/** Moves what follows the ellipsis to the end, zeros between. */
function expand(bytes: Uint8Array, filled: number, ellipsis: number): Uint8Array | undefined {
  if (filled === 16) return ellipsis >= 0 ? undefined : bytes;
  if (ellipsis < 0) return undefined;
  bytes.copyWithin(16 - (filled - ellipsis), ellipsis, filled);
  bytes.fill(0, ellipsis, 16 - (filled - ellipsis));
  return bytes;
}

function parseV6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  let ellipsis = -1;
  let at = 0;
  if (text.startsWith("::")) {
    ellipsis = 0;
    at = 2;
    if (at === text.length) return bytes;
  }
  let filled = 0;
  while (filled < 16) {
    const number = readNumber(text, at, 16);
    if (number === undefined || number.value > 0xffff) return undefined;
    if (text[number.end] === ".") {
      if ((ellipsis < 0 && filled !== 12) || filled > 12) return undefined;
      const v4 = parseV4(text, at);
      if (v4 === undefined) return undefined;
      bytes.set(v4, filled);
      return expand(bytes, filled + 4, ellipsis);
    }
    bytes[filled] = number.value >> 8;
    bytes[filled + 1] = number.value & 0xff;
    filled += 2;
    at = number.end;
    if (at === text.length) break;
    if (text[at] !== ":" || at + 1 === text.length) return undefined;
    at++;
    if (text[at] === ":") {
      if (ellipsis >= 0) return undefined;
      ellipsis = filled;
      at++;
      if (at === text.length) break;
    }
  }
  return at === text.length ? expand(bytes, filled, ellipsis) : undefined;
}

function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return true;
}

function fromBytes(bytes: Uint8Array): IpAddress {
  return isMapped(bytes) ? { bytes: bytes.subarray(12), mapped: true } : { bytes, mapped: false };
}

/** The address that the text is, or undefined. Zones (`%eth0`) are refused. */
export function parseIP(text: string): IpAddress | undefined {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ".") {
      const bytes = parseV4(text);
      return bytes && { bytes, mapped: false };
    }
    if (text[i] === ":") {
      const bytes = parseV6(text);
      return bytes && fromBytes(bytes);
    }
  }
  return undefined;
}

/** True where Go's netip.ParseAddr agrees too: no number begins with superfluous zeros. `text` must be a good address. */
export function isStrictIP(text: string): boolean {
  const v4 = text.includes(".") ? text.slice(text.lastIndexOf(":") + 1) : "";
  return !/(^|\.)0[0-9]/.test(v4) && !/[0-9a-fA-F]{5}/.test(text);
}

/** True for mapped addresses too, which are the IPv4 addresses they stand for. */
export function isIPv4(ip: IpAddress): boolean {
  return ip.bytes.length === 4;
}

/** False for mapped addresses. */
export function isIPv6(ip: IpAddress): boolean {
  return ip.bytes.length === 16;
}

/** Canonical text: dotted decimal, or RFC 5952. A mapped address is shown as the IPv4 address that it is. */
export function formatIP(ip: IpAddress): string {
  const { bytes } = ip;
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16));
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let i = 0; i < groups.length; i++) {
    let length = 0;
    while (groups[i + length] === "0") length++;
    if (length > best.length) best = { start: i, length };
    i += length;
  }
  return best;
}

function mask(bytes: Uint8Array, prefix: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - i * 8))));
}

/** `10.0.0.0/8`, `2001:db8::/32`, or undefined. The address may have bits beyond the prefix. */
export function parseCIDR(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = text.slice(0, slash);
  const bytes = parseV4(address) ?? parseV6(address);
  const number = readNumber(text, slash + 1, 10);
  if (bytes === undefined || number === undefined) return undefined;
  if (number.end !== text.length || number.value > bytes.length * 8) return undefined;
  const network = fromBytes(mask(bytes, number.value));
  return { ip: fromBytes(bytes), network, prefix: network.mapped ? number.value - 96 : number.value };
}

/** Canonical text: bits beyond the prefix are zero. */
export function formatCIDR(cidr: Cidr): string {
  return `${formatIP(cidr.network)}/${cidr.prefix}`;
}

/** Whether both are the same address, however each was written. */
export function equalIP(a: IpAddress, b: IpAddress): boolean {
  return a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);
}

/** True where the address is one of the block. */
export function containsIP(cidr: Cidr, ip: IpAddress): boolean {
  const { network } = cidr;
  return (
    network.bytes.length === ip.bytes.length && equalIP(network, { bytes: mask(ip.bytes, cidr.prefix), mapped: false })
  );
}
