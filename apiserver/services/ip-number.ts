import { type Cidr, formatIP, type IpAddress } from "../../apimachinery/net/ip.ts";

/** An address as the number its bytes are. */
export function bigintOfIP({ bytes }: IpAddress): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

export function ipOfBigint(number: bigint, family: "IPv4" | "IPv6"): IpAddress {
  const bytes = new Uint8Array(family === "IPv4" ? 4 : 16);
  let rest = number;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return { bytes, mapped: false };
}

/** The address that lies so far behind the network's own: of service ranges the first is the API's, the tenth is DNS's. */
export function nthAddress({ network }: Cidr, n: bigint): string {
  return formatIP(ipOfBigint(bigintOfIP(network) + n, network.bytes.length === 4 ? "IPv4" : "IPv6"));
}
