import { nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/core-v1.ts";

export type ComponentStatus = types.ComponentStatus;
export type ComponentCondition = types.ComponentCondition;

const healthOf = ({ conditions = [] }: ComponentStatus): ComponentCondition | undefined =>
  conditions.find(({ type }) => type === "Healthy");

/** How a part of the control plane is, found out when it is asked for; never stored (pkg/registry/core/componentstatus). */
export const ComponentStatus = defineBuiltIn<ComponentStatus>("/v1/componentstatuses", {
  deprecationWarning: "v1 ComponentStatus is deprecated in v1.19+",
  columns: [
    nameColumn,
    textColumn("Status", (object) => {
      const health = healthOf(object);
      return health === undefined ? "Unknown" : health.status === "True" ? "Healthy" : "Unhealthy";
    }),
    textColumn("Message", (object) => healthOf(object)?.message ?? ""),
    textColumn("Error", (object) => healthOf(object)?.error ?? ""),
  ],
});
