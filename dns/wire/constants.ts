// RFC 1035 section 3.2 and 4.1, RFC 2782, RFC 3596, RFC 6891.

export const types = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type Rcode = (typeof rcodes)[keyof typeof rcodes];

export const classIN = 1;

/** Bits of the second 16-bit word of a header. */
export const flags = {
  response: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  authenticData: 0x0020,
  checkingDisabled: 0x0010,
  rcode: 0x000f,
} as const;

export const headerBytes = 12;
/** What every client takes over UDP. */
export const minUdpBytes = 512;

const typeNames = new Map<number, string>(Object.entries(types).map(([name, number]) => [number, name]));
const rcodeNames = new Map<number, string>(Object.entries(rcodes).map(([name, number]) => [number, name]));

/** For metrics: the name of a common type, else `other`. */
export function typeName(type: number): string {
  return typeNames.get(type) ?? "other";
}

export function rcodeName(rcode: number): string {
  return rcodeNames.get(rcode) ?? String(rcode);
}
