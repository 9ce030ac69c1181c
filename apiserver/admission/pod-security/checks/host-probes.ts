import {
  type AnyContainer,
  type Check,
  type CheckPod,
  containersText,
  joinQuote,
  namesWhere,
  pluralize,
  sorted,
} from "../check.ts";

interface Handler {
  readonly httpGet?: { readonly host?: string };
  readonly tcpSocket?: { readonly host?: string };
}

const check: CheckPod = ({ spec }) => {
  const hosts = new Set<string>();
  const bad = new Set(
    namesWhere(spec, (container) => {
      const found = hostsOf(container);
      for (const host of found) hosts.add(host);
      return found.length > 0;
    }),
  );
  if (bad.size === 0) return undefined;
  const verb = pluralize("uses", "use", bad.size);
  const noun = pluralize("probe or lifecycle host", "probe or lifecycle hosts", hosts.size);
  return {
    reason: "probe or lifecycle host",
    detail: `${containersText(sorted(bad))} ${verb} ${noun} ${joinQuote(sorted(hosts))}`,
  };
};

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: AnyContainer): readonly string[] {
  const handlers: readonly (Handler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers
    .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
    .filter((host): host is string => host !== undefined && host !== "");
}

/** The kubelet is not made to ask other hosts. */
export const hostProbesAndHostLifecycle: Check = {
  id: "hostProbesAndHostLifecycle",
  level: "baseline",
  versions: [{ since: 34, check }],
};
