import type { FieldError } from "../../../apimachinery/field/error.ts";
import {
  duplicate,
  internalError,
  invalid,
  notSupported,
  required,
  tooMany,
} from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { isIPv4, isIPv6, parseIP } from "../../../apimachinery/net/ip.ts";
import { isValidIP, isValidIPForLegacyField } from "../../../apimachinery/validation/addresses.ts";
import { isDNS1123Label } from "../../../apimachinery/validation/dns.ts";
import { isFullyQualifiedDomainName } from "../../../apimachinery/validation/domains.ts";
import { validateLabels } from "../../../apimachinery/validation/label-fields.ts";
import { isQualifiedName, isValidLabelValue } from "../../../apimachinery/validation/labels.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import { addEndpointIPErrors } from "../../core/v1/endpoint-ip.ts";
import { portProtocols } from "../../core/v1/service-ports.ts";
import type { Endpoint, EndpointHints, EndpointPort } from "../../generated/types/discovery-v1.ts";
import { addMessages, strictly } from "../../validation.ts";

// Rules: pkg/apis/discovery/validation/validation.go.

const max = { endpoints: 1000, addresses: 100, ports: 20000, topologyLabels: 16, hints: 8 };
const endpointsPath = path("endpoints");
const portsPath = path("ports");
const strictIPs = strictly();
const zoneLabel = "topology.kubernetes.io/zone";

export function endpointErrors(endpoints: readonly Endpoint[], addressType: string): readonly FieldError[] {
  if (endpoints.length > max.endpoints) return [tooMany(endpointsPath, endpoints.length, max.endpoints)];
  const errors: FieldError[] = [];
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[i]!;
    const place = endpointsPath.index(i);
    addAddressErrors(errors, endpoint.addresses ?? [], { addressType, place: place.child("addresses") });
    const { nodeName, deprecatedTopology: topology, hostname, hints } = endpoint;
    if (nodeName !== undefined) {
      addMessages(errors, nameIsDNSSubdomain(nodeName, false), () => place.child("nodeName"), nodeName);
    }
    if (topology) addTopologyErrors(errors, topology, place.child("deprecatedTopology"));
    if (hostname !== undefined) addMessages(errors, isDNS1123Label(hostname), () => place.child("hostname"), hostname);
    if (hints) addHintErrors(errors, hints, place.child("hints"));
  }
  return errors;
}

interface AddressRules {
  readonly addressType: string;
  readonly place: Path;
}

function addAddressErrors(
  errors: FieldError[],
  addresses: readonly string[],
  { addressType, place }: AddressRules,
): void {
  if (addresses.length === 0) errors.push(required(place, "must contain at least 1 address"));
  else if (addresses.length > max.addresses) errors.push(tooMany(place, addresses.length, max.addresses));
  for (let i = 0; i < addresses.length; i++) {
    const address = addresses[i]!;
    const at = place.index(i);
    if (addressType === "FQDN") errors.push(...isFullyQualifiedDomainName(at, address));
    if (addressType !== "IPv4" && addressType !== "IPv6") continue;
    const four = addressType === "IPv4";
    const wrong = four ? isValidIPForLegacyField(at, address, strictIPs) : isValidIP(at, address);
    if (wrong.length > 0) {
      errors.push(...wrong);
      continue;
    }
    const ip = parseIP(address);
    if (ip !== undefined && !(four ? isIPv4(ip) : isIPv6(ip))) {
      errors.push(invalid(place, address, `must be an ${addressType} address`));
    }
    addEndpointIPErrors(errors, address, () => at);
  }
}

function addTopologyErrors(errors: FieldError[], topology: Readonly<Record<string, string>>, place: Path): void {
  const count = Object.keys(topology).length;
  if (count > max.topologyLabels) errors.push(tooMany(place, count, max.topologyLabels));
  errors.push(...validateLabels(topology, place));
  if (topology[zoneLabel] !== undefined) {
    errors.push(internalError(place.key(zoneLabel), "reserved key was not removed in conversion"));
  }
}

function addHintErrors(errors: FieldError[], { forZones = [], forNodes = [] }: EndpointHints, place: Path): void {
  const zones = place.child("forZones");
  if (forZones.length > max.hints) {
    errors.push(tooMany(zones, forZones.length, max.hints));
    return;
  }
  addNameErrors(errors, forZones, zones, isValidLabelValue);
  const nodes = place.child("forNodes");
  if (forNodes.length > max.hints) errors.push(tooMany(nodes, forNodes.length, max.hints));
  else addNameErrors(errors, forNodes, nodes, (name) => nameIsDNSSubdomain(name, false));
}

function addNameErrors(
  errors: FieldError[],
  list: readonly { readonly name: string }[],
  place: Path,
  check: (name: string) => readonly string[],
): void {
  for (const [i, { name = "" }] of list.entries()) {
    const at = (): Path => place.index(i).child("name");
    if (list.findIndex((item) => (item.name ?? "") === name) < i) errors.push(duplicate(at(), name));
    addMessages(errors, check(name), at, name);
  }
}

export function portErrors(ports: readonly EndpointPort[]): readonly FieldError[] {
  if (ports.length > max.ports) return [tooMany(portsPath, ports.length, max.ports)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = "", protocol, appProtocol }] of ports.entries()) {
    const at = (field: string) => () => portsPath.index(i).child(field);
    if (name !== "") addMessages(errors, isDNS1123Label(name), at("name"), name);
    if (names.has(name)) errors.push(duplicate(at("name")(), name));
    names.add(name);
    if (protocol === undefined) errors.push(required(at("protocol")()));
    else if (!portProtocols.includes(protocol)) errors.push(notSupported(at("protocol")(), protocol, portProtocols));
    if (appProtocol !== undefined) addMessages(errors, isQualifiedName(appProtocol), at("appProtocol"), appProtocol);
  }
  return errors;
}
