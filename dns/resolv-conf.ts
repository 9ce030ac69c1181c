import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import type { Clock } from "../base/clock.ts";

/** A server that knows names of the world. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/** CoreDNS takes as many (plugin/forward, max). */
const maxUpstreams = 15;

/** The `nameserver` lines of resolv.conf(5), without those that are the server itself. */
export function parseResolvConf(text: string, own: readonly string[]): readonly Upstream[] {
  const found: Upstream[] = [];
  for (const line of text.split("\n")) {
    const [keyword, address = ""] = line.trim().split(/\s+/);
    if (keyword !== "nameserver" || isIP(address.split("%")[0]!) === 0 || own.includes(address)) continue;
    if (!found.some((other) => other.address === address)) found.push({ address, port: 53 });
  }
  return found.slice(0, maxUpstreams);
}

const checkIntervalMs = 5_000;

/** The resolvers that a file names, read again when it has changed. A file that is not there names none. */
export function resolvConfUpstreams(path: string, clock: Clock, own: readonly string[]): () => readonly Upstream[] {
  let known: readonly Upstream[] = [];
  let checkedMs = Number.NEGATIVE_INFINITY;
  let changedMs = Number.NaN;
  return () => {
    if (clock.monotonicMs() - checkedMs < checkIntervalMs) return known;
    checkedMs = clock.monotonicMs();
    const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (modifiedMs !== changedMs)
      known = modifiedMs === undefined ? [] : parseResolvConf(readFileSync(path, "utf8"), own);
    changedMs = modifiedMs ?? Number.NaN;
    return known;
  };
}
