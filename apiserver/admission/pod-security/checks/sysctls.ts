import type { Check, CheckPod } from "../check.ts";

const sinceStart = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
];
const since27 = [...sinceStart, "net.ipv4.ip_local_reserved_ports"];
const since29 = [
  ...since27,
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
];
const since32 = [...since29, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"];

function checkFor(allowed: readonly string[]): CheckPod {
  return ({ spec }) => {
    const wanted = spec.securityContext?.sysctls ?? [];
    const bad = wanted.filter(({ name }) => !allowed.includes(name)).map(({ name }) => name);
    return bad.length === 0 ? undefined : { reason: "forbidden sysctls", detail: bad.join(", ") };
  };
}

/** Only kernel settings that concern the pod alone. */
export const sysctls: Check = {
  id: "sysctls",
  level: "baseline",
  versions: [
    { since: 0, check: checkFor(sinceStart) },
    { since: 27, check: checkFor(since27) },
    { since: 29, check: checkFor(since29) },
    { since: 32, check: checkFor(since32) },
  ],
};
