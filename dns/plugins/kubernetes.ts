import { parseIP } from "../../apimachinery/net/ip.ts";
import type { Outcome, Plugin, Request } from "../plugin.ts";
import { rcodes, types } from "../wire/constants.ts";
import type { Query } from "../wire/query.ts";
import { type Answer, type ResourceRecord, refused, servfail } from "../wire/response.ts";
import type { ZoneIndex } from "../zone.ts";
import { type ClusterName, parseClusterName, reverseAddress } from "./kubernetes-names.ts";
import { type Target, targetsOf } from "./kubernetes-targets.ts";

// Behaviour: CoreDNS plugin/kubernetes and plugin/backend_lookup.go with kubeadm's Corefile (pods insecure, ttl 30, fallthrough
// for the reverse zones).

export interface KubernetesOptions {
  readonly zone: ZoneIndex;
  /** `cluster.local`, in lower case. */
  readonly domain: string;
  readonly ttlSeconds: number;
  /** Where this server is reached: the addresses of `ns.dns.DOMAIN`. */
  readonly serverIPs: readonly string[];
  /** Seconds since 1970: changes with the zone. */
  readonly serial: () => number;
  /** The zone holds everything there is. Until then names it lacks are answered with SERVFAIL. */
  readonly isReady: () => boolean;
  /** Asks the whole chain for what an alias leads to. */
  readonly resolve: (query: Query, signal: AbortSignal) => Promise<readonly ResourceRecord[]>;
}

/** A chain of aliases within the cluster is followed so far (CoreDNS: 8). */
const maxAliases = 8;

/** The names of services, endpoints and pods, and the addresses they have. */
export function kubernetes(options: KubernetesOptions): Plugin {
  const { domain } = options;
  const below = `.${domain}`;
  return {
    name: "kubernetes",
    handler: (next) => (request, signal) => {
      const { name, type } = request.query;
      if (name === domain || name.endsWith(below)) return clusterOutcome(options, request, signal);
      const address = name.endsWith(".arpa") ? reverseAddress(name) : undefined;
      if (address === undefined || type !== types.PTR) return next(request, signal);
      const records = pointers(options, request.query, address);
      return records.length > 0 ? outcome(found(records)) : next(request, signal);
    },
  };
}

function outcome(answer: Answer): Outcome {
  return { kind: "answer", answer, by: "kubernetes" };
}

function found(answers: readonly ResourceRecord[], additionals: readonly ResourceRecord[] = []): Answer {
  return { rcode: rcodes.NOERROR, authoritative: true, answers, additionals };
}

function pointers({ zone, domain, ttlSeconds }: KubernetesOptions, { name }: Query, address: string): ResourceRecord[] {
  return zone.owners(address).map(({ namespace, name: service, hostname }) => ({
    name,
    ttl: ttlSeconds,
    type: "PTR",
    target: `${hostname === undefined ? "" : `${hostname}.`}${service}.${namespace}.svc.${domain}`,
  }));
}

function clusterOutcome(
  options: KubernetesOptions,
  { query }: Request,
  signal: AbortSignal,
): Outcome | Promise<Outcome> {
  if (query.type === types.AXFR || query.type === types.IXFR) return outcome(refused);
  const asked = parseClusterName(query.name, options.domain);
  if (asked.kind === "apex") return outcome(apex(options, query));
  if (asked.kind === "version" && query.type === types.TXT)
    return outcome(found([{ name: query.name, ttl: options.ttlSeconds, type: "TXT", text: "1.1.0" }]));
  const targets = targetsOf(options, asked);
  if (targets === undefined) return outcome(options.isReady() ? missing(options, rcodes.NXDOMAIN) : servfail);
  const alias = targets.find(({ alias }) => alias !== undefined)?.alias;
  if (alias !== undefined)
    return followed(options, { query, alias, depth: 0 }, signal).then((answers) =>
      outcome(orNoData(options, found(answers))),
    );
  return outcome(
    orNoData(
      options,
      query.type === types.SRV ? services(options, query, targets) : found(addresses(options, query, targets)),
    ),
  );
}

/** The name exists, its records do not: NODATA (RFC 2308). */
function orNoData(options: KubernetesOptions, answer: Answer): Answer {
  return answer.answers.length > 0 ? answer : missing(options, rcodes.NOERROR);
}

function missing(options: KubernetesOptions, rcode: 0 | 3): Answer {
  return { rcode, authoritative: true, answers: [], authorities: [soa(options)] };
}

function soa({ domain, ttlSeconds, serial }: KubernetesOptions): ResourceRecord {
  return {
    name: domain,
    ttl: ttlSeconds,
    type: "SOA",
    primary: `ns.dns.${domain}`,
    mailbox: `hostmaster.${domain}`,
    serial: serial(),
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttlSeconds,
  };
}

function apex(options: KubernetesOptions, { name, type }: Query): Answer {
  const { domain, ttlSeconds, serverIPs } = options;
  if (type === types.SOA) return found([soa(options)]);
  if (type !== types.NS) return missing(options, rcodes.NOERROR);
  const server = `ns.dns.${domain}`;
  const glue = serverIPs.flatMap((ip) => addressRecord(server, ip, ttlSeconds));
  return found([{ name, ttl: ttlSeconds, type: "NS", target: server }], glue);
}

function addresses(
  { ttlSeconds }: KubernetesOptions,
  { name, type }: Query,
  targets: readonly Target[],
): ResourceRecord[] {
  const ips = new Set(targets.flatMap(({ ip }) => (ip === undefined ? [] : [ip])));
  return [...ips].flatMap((ip) => addressRecord(name, ip, ttlSeconds)).filter((record) => types[record.type] === type);
}

export function addressRecord(name: string, ip: string, ttl: number): ResourceRecord[] {
  const address = parseIP(ip)?.bytes;
  if (address === undefined) return [];
  return [{ name, ttl, type: address.length === 4 ? "A" : "AAAA", address }];
}

function services({ ttlSeconds, domain }: KubernetesOptions, { name }: Query, targets: readonly Target[]): Answer {
  const answers = new Map<string, ResourceRecord>();
  const additionals = new Map<string, ResourceRecord>();
  // Equal chances for all, of 100 in sum (CoreDNS plugin/backend_lookup.go, SRV).
  const weight = Math.floor(
    100 / Math.max(1, new Set(targets.map(({ host, port, ip }) => `${host} ${port} ${ip}`)).size),
  );
  for (const { host, ip, port } of targets) {
    if (host === undefined || port === undefined) continue;
    const target = `${host}.${domain}`;
    answers.set(`${target} ${port}`, { name, ttl: ttlSeconds, type: "SRV", priority: 0, weight, port, target });
    for (const record of ip === undefined ? [] : addressRecord(target, ip, ttlSeconds))
      additionals.set(`${target} ${ip}`, record);
  }
  return found([...answers.values()], [...additionals.values()]);
}

interface Alias {
  readonly query: Query;
  readonly alias: string;
  readonly depth: number;
}

/** An alias and what it leads to, which may be another one. */
async function followed(
  options: KubernetesOptions,
  { query, alias, depth }: Alias,
  signal: AbortSignal,
): Promise<readonly ResourceRecord[]> {
  const { domain, ttlSeconds, resolve } = options;
  const target = alias.toLowerCase().replace(/\.$/, "");
  if (target === query.name || depth >= maxAliases) return [];
  const record: ResourceRecord = { name: query.name, ttl: ttlSeconds, type: "CNAME", target };
  if (query.type === types.CNAME) return [record];
  if (query.type !== types.A && query.type !== types.AAAA) return [];
  const onward: Query = { ...query, name: target };
  if (target !== domain && !target.endsWith(`.${domain}`)) return [record, ...(await resolve(onward, signal))];
  const targets = targetsOf(options, parseClusterName(target, domain)) ?? [];
  const next = targets.find(({ alias }) => alias !== undefined)?.alias;
  const rest =
    next === undefined
      ? addresses(options, onward, targets)
      : await followed(options, { query: onward, alias: next, depth: depth + 1 }, signal);
  // An alias within the cluster that leads nowhere is not shown.
  return rest.length > 0 ? [record, ...rest] : [];
}

export type { ClusterName };
