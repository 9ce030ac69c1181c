import { type Check, type CheckPod, joinQuote, pluralize } from "../check.ts";

const check: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  if (bad.length === 0) return undefined;
  return { reason: "hostPath volumes", detail: `${pluralize("volume", "volumes", bad.length)} ${joinQuote(bad)}` };
};

/** Directories of the node are not mounted. */
export const hostPathVolumes: Check = { id: "hostPathVolumes", level: "baseline", versions: [{ since: 0, check }] };
