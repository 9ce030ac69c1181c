import type { Clock } from "../../base/clock.ts";
import { LruMap } from "../../base/lru-map.ts";
import { type Outcome, type Plugin, then } from "../plugin.ts";
import { rcodes } from "../wire/constants.ts";
import { readdress, readShape } from "../wire/message.ts";
import type { Query } from "../wire/query.ts";

export interface CacheOptions {
  readonly clock: Clock;
  /** Longest time that anything is kept. Default 30 s, as kubeadm's Corefile. */
  readonly maxTtlSeconds?: number;
  /** Of answers and of denials, each. Default 9,984, as CoreDNS. */
  readonly capacity?: number;
  readonly onLookup?: (result: "hit" | "miss") => void;
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly ttlOffsets: readonly number[];
  readonly storedMs: number;
  readonly expiresMs: number;
}

/** CoreDNS plugin/cache: no answer is asked for again sooner, and failures are not repeated at once. */
const minTtlSeconds = 5;

/** Remembers other servers' messages for as long as they allow, times to live counted down. What the cluster knows needs no cache. */
export function cache({ clock, maxTtlSeconds = 30, capacity = 9_984, onLookup }: CacheOptions): Plugin {
  const entries = new LruMap<string, Entry>(capacity * 2);
  const store = (key: string, outcome: Outcome): Outcome => {
    if (outcome.kind !== "message") return outcome;
    const { rcode, truncated, answers, ttlOffsets, minTtl, negativeTtl } = readShape(outcome.bytes);
    const isAnswer = rcode === rcodes.NOERROR && answers > 0;
    const isDenial = rcode === rcodes.NXDOMAIN || rcode === rcodes.NOERROR;
    const asked = isAnswer ? minTtl : isDenial ? negativeTtl : rcode === rcodes.SERVFAIL ? minTtlSeconds : undefined;
    if (asked === undefined || truncated) return outcome;
    const ttlSeconds = Math.min(Math.max(asked, minTtlSeconds), maxTtlSeconds);
    const storedMs = clock.monotonicMs();
    entries.set(key, { bytes: outcome.bytes, ttlOffsets, storedMs, expiresMs: storedMs + ttlSeconds * 1000 });
    return outcome;
  };
  return {
    name: "cache",
    handler: (next) => (request, signal) => {
      const { query } = request;
      const key = keyOf(query);
      const entry = entries.get(key);
      if (entry !== undefined && entry.expiresMs > clock.monotonicMs()) {
        onLookup?.("hit");
        return { kind: "message", bytes: aged(entry, query, clock.monotonicMs()), by: "cache" };
      }
      entries.delete(key);
      const outcome = next(request, signal);
      if (outcome instanceof Promise) onLookup?.("miss");
      return then(outcome, (outcome) => store(key, outcome));
    },
  };
}

/** Clients that speak EDNS get it in the answer, others must not. */
function keyOf({ name, type, class: queryClass, edns, flags }: Query): string {
  return `${type} ${queryClass} ${edns === undefined ? "-" : edns.dnssecOk ? "D" : "E"}${flags & 0x10} ${name}`;
}

function aged({ bytes, ttlOffsets, storedMs, expiresMs }: Entry, query: Query, nowMs: number): Uint8Array {
  const copy = readdress(bytes, query);
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
  const passed = Math.floor((nowMs - storedMs) / 1000);
  const left = Math.max(0, Math.floor((expiresMs - nowMs) / 1000));
  for (const at of ttlOffsets) view.setUint32(at, Math.min(left, Math.max(0, view.getUint32(at) - passed)));
  return copy;
}
