import { formatIP, parseIP } from "../../apimachinery/net/ip.ts";

// The schema of names: github.com/kubernetes/dns docs/specification.md, version 1.1.0.

/** What a name below the cluster's domain asks for. */
export type ClusterName =
  /** The domain itself. */
  | { readonly kind: "apex" }
  /** A name that only has others below it: it exists, and has no records. */
  | { readonly kind: "empty" }
  | { readonly kind: "version" }
  /** `ns.dns`, the name of the server. */
  | { readonly kind: "server" }
  | { readonly kind: "namespace"; readonly namespace: string }
  | {
      readonly kind: "service";
      readonly namespace: string;
      readonly service: string;
      readonly endpoint?: string;
      /** Of `_port._protocol.`; each may stand for any where it is "". */
      readonly port?: string;
      readonly protocol?: string;
    }
  | { readonly kind: "pod"; readonly namespace: string; readonly ip: string | undefined }
  | { readonly kind: "unknown" };

/** `name` is below `domain`, or is it; both in lower case. */
export function parseClusterName(name: string, domain: string): ClusterName {
  if (name === domain) return { kind: "apex" };
  const labels = name.slice(0, -domain.length - 1).split(".");
  const kind = labels.pop();
  if (labels.length === 0 && kind === "dns-version") return { kind: "version" };
  if (kind === "dns")
    return labels.length === 0 ? { kind: "empty" } : labels.join() === "ns" ? { kind: "server" } : { kind: "unknown" };
  if (kind !== "svc" && kind !== "pod") return { kind: "unknown" };
  const namespace = labels.pop();
  if (namespace === undefined) return { kind: "empty" };
  const owner = labels.pop();
  if (owner === undefined) return { kind: "namespace", namespace };
  if (kind === "pod") return labels.length > 0 ? { kind: "unknown" } : { kind: "pod", namespace, ip: dashedIP(owner) };
  const [first, second] = labels;
  if (labels.length > 2) return { kind: "unknown" };
  if (first === undefined) return { kind: "service", namespace, service: owner };
  if (second === undefined) return { kind: "service", namespace, service: owner, endpoint: first };
  return { kind: "service", namespace, service: owner, port: bare(first), protocol: bare(second) };
}

function bare(label: string): string {
  return label.startsWith("_") ? label.slice(1) : label;
}

/** `10-0-0-1` is 10.0.0.1, `fd00--1` is fd00::1. */
function dashedIP(label: string): string | undefined {
  const isV4 = label.split("-").length === 4 && !label.includes("--");
  const ip = parseIP(label.replaceAll("-", isV4 ? "." : ":"));
  return ip === undefined ? undefined : formatIP(ip);
}

/** The address that a name of the reverse zones stands for, as `formatIP` writes it. */
export function reverseAddress(name: string): string | undefined {
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  if (v4 !== null) return canonical(v4.slice(1).reverse().join("."));
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  if (v6 === null) return undefined;
  const digits = v6[1]!.replaceAll(".", "").split("").reverse().join("");
  return canonical(digits.replace(/.{4}(?!$)/g, "$&:"));
}

function canonical(text: string): string | undefined {
  const ip = parseIP(text);
  return ip === undefined ? undefined : formatIP(ip);
}
