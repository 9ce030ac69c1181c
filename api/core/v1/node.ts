import type { FieldError } from "../../../apimachinery/field/error.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { isPresent } from "../../../apimachinery/schema/sent-empty.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { nodeAddress, nodeRoles, nodeStatus } from "./node/text.ts";
import { validateNode, validateNodeUpdate } from "./node/validation.ts";
import { nodeWarnings } from "./node/warnings.ts";
import { roundList } from "./pod/resource-list.ts";
import type { Check } from "./pod/validation/check.ts";
import { templateOptions } from "./pod/validation/options.ts";

// Rules: pkg/registry/core/node/strategy.go, pkg/apis/core/validation ValidateNode and below.

export type Node = types.Node;

/** A machine that runs pods. */
export const Node = defineResource<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  scope: "Cluster",
  storagePath: "minions",
  schema: () => definition("io.k8s.api.core.v1.Node"),
  statusOnCreate: true,
  subresources: { status: true },
  columns: [
    nameColumn,
    textColumn("Status", nodeStatus),
    textColumn("Roles", nodeRoles),
    ageColumn,
    textColumn("Version", ({ status }) => status.nodeInfo?.kubeletVersion ?? ""),
    wideColumn("Internal-IP", (node) => nodeAddress(node, "InternalIP")),
    wideColumn("External-IP", (node) => nodeAddress(node, "ExternalIP")),
    wideColumn("OS-Image", ({ status }) => status.nodeInfo?.osImage || "<unknown>"),
    wideColumn("Kernel-Version", ({ status }) => {
      const { kernelVersion, architecture } = status.nodeInfo ?? {};
      return `${kernelVersion || "<unknown>"}${architecture ? ` (${architecture})` : ""}`;
    }),
    wideColumn("Container-Runtime", ({ status }) => status.nodeInfo?.containerRuntimeVersion || "<unknown>"),
  ],
  fieldSelectors: { "spec.unschedulable": ({ spec }) => String(spec.unschedulable ?? false) },
  setDefaults: changing(({ spec, status }) => {
    if (status?.capacity !== undefined && !isPresent(status, "allocatable"))
      status.allocatable = { ...status.capacity };
    roundList(status?.capacity);
    roundList(status?.allocatable);
    keepPodCIDRsEqual(spec);
  }),
  prepareForCreate: changing(({ spec, status }) => {
    if (spec !== undefined) delete spec.configSource;
    if (status !== undefined) delete status.config;
  }),
  prepareForUpdate: changing(({ spec, status }, old, { subresource }) => {
    if (subresource === "status") {
      if (old.status?.config === undefined) delete status.config;
    } else if (old.spec?.configSource === undefined) delete spec.configSource;
  }),
  validate,
  warnings: nodeWarnings,
});

/** `podCIDR` is the first of `podCIDRs`; where only one is written, the other follows (core/v1 conversion). */
function keepPodCIDRsEqual(spec: { podCIDR?: string; podCIDRs?: string[] } | undefined): void {
  if (spec === undefined) return;
  if (spec.podCIDR) {
    if (spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  } else if (spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
}

function validate(node: Node, old: Node | undefined, { subresource }: RequestContext): readonly FieldError[] {
  const check: Check = { errors: [], options: templateOptions() };
  // A change of the spec is held to both: what is wrong with taints is told twice, as upstream does.
  if (subresource !== "status") validateNode(check, node);
  if (old !== undefined) validateNodeUpdate(check, node, old);
  return check.errors;
}
