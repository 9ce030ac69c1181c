import type { Column } from "../../../../apimachinery/resource/resource.ts";
import { ageOf } from "../../../../apimachinery/time/time.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../../columns.ts";
import type { Pod } from "../../../generated/types/core-v1.ts";
import { type PodSummary, summarizePod } from "./summary.ts";

let lastPod: Pod | undefined;
let lastSummary: PodSummary;

/** Cells of one row come after each other and objects are frozen: one summary serves three cells. */
function summaryOf(pod: Pod): PodSummary {
  if (lastPod !== pod) {
    lastSummary = summarizePod(pod);
    lastPod = pod;
  }
  return lastSummary;
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const open = gates.filter(
    ({ conditionType }) => status?.conditions?.find(({ type }) => type === conditionType)?.status === "True",
  );
  return `${open.length}/${gates.length}`;
}

/** pkg/printers/internalversion printPod. */
export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  textColumn("Ready", (pod) => `${summaryOf(pod).ready}/${summaryOf(pod).total}`),
  textColumn("Status", (pod) => summaryOf(pod).status),
  textColumn("Restarts", (pod, now) => {
    const { restarts, lastRestart } = summaryOf(pod);
    return restarts === 0 || lastRestart === undefined
      ? String(restarts)
      : `${restarts} (${ageOf(lastRestart, now)} ago)`;
  }),
  ageColumn,
  wideColumn("IP", ({ status }) => status?.podIPs?.[0]?.ip || "<none>"),
  wideColumn("Node", ({ spec }) => spec?.nodeName || "<none>"),
  wideColumn("Nominated Node", ({ status }) => status?.nominatedNodeName || "<none>"),
  wideColumn("Readiness Gates", readinessGates),
];
