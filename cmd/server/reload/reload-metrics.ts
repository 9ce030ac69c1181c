import { createHash } from "node:crypto";
import type { MetricsRegistry } from "../../../base/metrics.ts";
import type { Clock } from "../../../base/mod.ts";
import type { FollowedFiles } from "./followed-files.ts";

/**
 * Counts reloads of one kind of configuration, and says which is in use, under upstream's names
 * (apiserver/pkg/server/options/…config/metrics). `content`: that of the start.
 */
export function reloadMetrics(
  metrics: MetricsRegistry,
  kind: "authentication" | "authorization" | "encryption",
  { clock, serverId, content }: { readonly clock: Clock; readonly serverId: string; readonly content: string },
): NonNullable<FollowedFiles["onOutcome"]> {
  const prefix = `apiserver_${kind}_config_controller`;
  const labels = ["status", "apiserver_id_hash"] as const;
  const old = kind === "encryption";
  const stability = old ? "ALPHA" : "BETA";
  const total = metrics.counter({
    name: `${prefix}_automatic_reloads_total`,
    stability,
    help: old
      ? "Total number of reload successes and failures of encryption configuration split by apiserver identity."
      : `Total number of automatic reloads of ${kind} configuration split by status and apiserver identity.`,
    labels,
  });
  const last = metrics.gauge({
    name: `${prefix}_automatic_reload_last_timestamp_seconds`,
    stability,
    help: old
      ? "Timestamp of the last successful or failed automatic reload of encryption configuration split by apiserver identity."
      : `Timestamp of the last automatic reload of ${kind} configuration split by status and apiserver identity.`,
    labels,
  });
  const info = metrics.gauge({
    name: `${prefix}_last_config_info`,
    help: `Information about the last applied ${kind} configuration with hash as label, split by apiserver identity.`,
    labels: ["apiserver_id_hash", "hash"],
  });
  const server = hashOf(serverId);
  let shown = hashOf(content);
  info.labels(server, shown).set(1);
  return (outcome) => {
    total.labels(outcome.type, server).inc();
    last.labels(outcome.type, server).set(clock.now() / 1_000);
    if (outcome.type === "failure") return;
    info.remove(server, shown);
    shown = hashOf(outcome.contents[0] ?? "");
    info.labels(server, shown).set(1);
  };
}

function hashOf(text: string): string {
  return text === "" ? "" : `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Who a server is among several: by the name of its machine and what it is (apiserver/pkg/server/config.go). */
export function serverIdOf(hostname: string): string {
  const hashed = [hostname, "kube-apiserver"].map((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const bits = [...createHash("sha256").update(Buffer.concat(hashed)).digest().subarray(0, 16)]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  const digits = bits.match(/.{1,5}/g) ?? [];
  return `apiserver-${digits.map((five) => base32[Number.parseInt(five.padEnd(5, "0"), 2)]).join("")}`;
}
