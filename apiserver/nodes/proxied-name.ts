import { parseIP } from "../../apimachinery/net/ip.ts";

/** What a proxied path names: `name`, `name:port` or `scheme:name:port`. */
export interface ProxiedName {
  /** Empty where it is not said. */
  readonly scheme: "" | "http" | "https";
  readonly name: string;
  /** A number or a name; empty where it is not said. */
  readonly port: string;
}

/** Undefined where it is none (apimachinery/pkg/util/net SplitSchemeNamePort). */
export function splitProxiedName(id: string): ProxiedName | undefined {
  const parts = id.split(":");
  if (parts.length > 3) return undefined;
  const [scheme, name, port] = parts.length === 3 ? parts : ["", parts[0], parts[1] ?? ""];
  if (name === "" || (scheme !== "" && scheme !== "http" && scheme !== "https")) return undefined;
  return { scheme: scheme as "", name: name!, port: port! };
}

/** An address that a proxy may lead to: no loopback, link-local, multicast or unspecified one (Go's IsGlobalUnicast). */
export function isGlobalUnicast(address: string): boolean {
  const ip = parseIP(address);
  if (ip === undefined) return false;
  const bytes = ip.bytes;
  if (bytes.every((byte) => byte === 0)) return false;
  if (bytes.length === 4) {
    const [a = 0, b = 0] = bytes;
    return a !== 127 && a < 224 && !(a === 169 && b === 254) && !bytes.every((byte) => byte === 255);
  }
  const [a = 0, b = 0] = bytes;
  const loopback = bytes.at(-1) === 1 && bytes.slice(0, -1).every((byte) => byte === 0);
  return a !== 0xff && !(a === 0xfe && (b & 0xc0) === 0x80) && !loopback;
}
