import type { FieldError } from "../../../apimachinery/field/error.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { warningsForIP } from "../../../apimachinery/validation/addresses.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { subsetErrors } from "./endpoints-validation.ts";

// Rules: pkg/apis/core/validation/validation.go ValidateEndpoints; pkg/registry/core/endpoint/strategy.go.

export type Endpoints = types.Endpoints;

const managedBy = "endpoints.kubernetes.io/managed-by";

export const Endpoints = defineResource<Endpoints>({
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  singular: "endpoints",
  shortNames: ["ep"],
  scope: "Namespaced",
  storagePath: "services/endpoints",
  schema: () => definition("io.k8s.api.core.v1.Endpoints"),
  createOnUpdate: true,
  deprecationWarning: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  columns: [nameColumn, textColumn("Endpoints", endpointsText), ageColumn],
  validate(endpoints, old): readonly FieldError[] {
    const errors = subsetErrors(endpoints.subsets);
    // What an older version let in may stay as it is. Asked last: it costs more than the rules.
    if (errors.length > 0 && old !== undefined && semanticEqual(endpoints.subsets, old.subsets)) return [];
    return errors;
  },
  *warnings(endpoints) {
    if (endpoints.metadata.labels?.[managedBy] === "endpoint-controller") return;
    for (const [i, subset] of (endpoints.subsets ?? []).entries()) {
      for (const list of ["addresses", "notReadyAddresses"] as const) {
        for (const [j, address] of (subset[list] ?? []).entries()) {
          yield* warningsForIP(path("subsets").index(i).child(list).index(j).child("ip"), address.ip);
        }
      }
    }
  },
});

const shown = 3;

function endpointsText({ subsets }: Endpoints): string {
  if (!subsets?.length) return "<none>";
  const list: string[] = [];
  let count = 0;
  for (const { addresses = [], ports = [] } of subsets) {
    // A headless service may have endpoints without ports.
    const suffixes = ports.length === 0 ? [undefined] : ports.map(({ port }) => port);
    for (const port of suffixes) {
      count += addresses.length;
      for (let i = 0; i < addresses.length && list.length < shown; i++) list.push(hostPort(addresses[i]!.ip, port));
    }
  }
  const text = list.join(",");
  return count > shown ? `${text} + ${count - shown} more...` : text;
}

function hostPort(ip: string, port: number | undefined): string {
  if (port === undefined) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
