export { type LocalAddresses, loopbackAddresses } from "./address.ts";
export type { Upstream } from "./resolv-conf.ts";
export { type DnsOptions, type DnsServing, runDns } from "./run.ts";
