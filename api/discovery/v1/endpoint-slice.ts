import type { FieldError } from "../../../apimachinery/field/error.ts";
import { notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { warningsForIP } from "../../../apimachinery/validation/addresses.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/discovery-v1.ts";
import { endpointErrors, portErrors } from "./endpoint-slice-validation.ts";

// Rules: pkg/apis/discovery/validation/validation.go, pkg/registry/discovery/endpointslice/strategy.go.

export type EndpointSlice = types.EndpointSlice;

const addressTypes = ["FQDN", "IPv4", "IPv6"];
const hostnameLabel = "kubernetes.io/hostname";
const managedBy = "endpointslice.kubernetes.io/managed-by";
const ownControllers = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"];

/** Some of a service's endpoints, at most a thousand, all of one address family. */
export const EndpointSlice = defineResource<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.discovery.v1.EndpointSlice"),
  generation: true,
  columns: [
    nameColumn,
    textColumn("AddressType", ({ addressType }) => addressType ?? ""),
    textColumn("Ports", ({ ports }) => firstThree((ports ?? []).map(({ port, name }) => `${port ?? name ?? "*"}`))),
    textColumn("Endpoints", ({ endpoints }) =>
      firstThree((endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
    ),
    ageColumn,
  ],
  prepareForCreate: changing((slice) => dropTopology(slice, undefined)),
  prepareForUpdate: changing((slice, old) => {
    // A change of labels counts too: consumers find slices by them.
    if (!semanticEqual(slice.metadata.labels, old.metadata.labels)) {
      slice.metadata.generation = (old.metadata.generation ?? 0) + 1;
    }
    if (!semanticEqual(slice.endpoints, old.endpoints)) dropTopology(slice, old);
  }),
  validate,
  *warnings(slice, old) {
    if (old === undefined && slice.addressType === "FQDN") {
      yield "spec.addressType: FQDN endpoints are deprecated";
    }
    if (ownControllers.includes(slice.metadata.labels?.[managedBy] ?? "")) return;
    for (const [i, { addresses }] of (slice.endpoints ?? []).entries()) {
      const place = path("endpoints").index(i).child("addresses");
      for (const [j, address] of (addresses ?? []).entries()) yield* warningsForIP(place.index(j), address);
    }
  },
});

/** v1 has no way to write topology; a node's name that stood there before moves to where v1 has it. */
function dropTopology(slice: Draft<EndpointSlice>, old: EndpointSlice | undefined): void {
  const known = new Set((old?.endpoints ?? []).map((endpoint) => endpoint.deprecatedTopology?.[hostnameLabel]));
  for (const endpoint of slice.endpoints ?? []) {
    const name = endpoint.deprecatedTopology?.[hostnameLabel];
    if (endpoint.nodeName === undefined && name && known.has(name) && nameIsDNSSubdomain(name, false).length === 0) {
      endpoint.nodeName = name;
    }
    delete endpoint.deprecatedTopology;
  }
}

function validate(slice: EndpointSlice, old: EndpointSlice | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  const addressType = slice.addressType ?? "";
  if (addressType === "") errors.push(required(path("addressType")));
  else if (!addressTypes.includes(addressType)) {
    errors.push(notSupported(path("addressType"), addressType, addressTypes));
  }
  errors.push(...portErrors(slice.ports ?? []));
  const wrong = endpointErrors(slice.endpoints ?? [], addressType);
  // What an older version let in may stay as it is. Asked last: it costs more than the rules.
  if (wrong.length > 0 && !(old !== undefined && semanticEqual(slice.endpoints, old.endpoints))) errors.push(...wrong);
  if (old !== undefined) {
    errors.push(...validateImmutableField(slice.addressType, old.addressType, path("addressType")));
  }
  return errors;
}

const shown = 3;

function firstThree(list: readonly string[]): string {
  const text = list.slice(0, shown).join(",");
  if (list.length > shown) return `${text} + ${list.length - shown} more...`;
  return text === "" ? "<unset>" : text;
}
