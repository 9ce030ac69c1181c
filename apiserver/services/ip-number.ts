import type { IpAddress } from "../../apimachinery/net/ip.ts";

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
