import type { FieldError } from "../../../apimachinery/field/error.ts";
import { notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { isValidIPForLegacyField } from "../../../apimachinery/validation/addresses.ts";
import { isDNS1123Label } from "../../../apimachinery/validation/dns.ts";
import { isValidPortNum } from "../../../apimachinery/validation/formats.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset } from "../../generated/types/core-v1.ts";
import { addMessages, strictly } from "../../validation.ts";
import { addEndpointIPErrors } from "./endpoint-ip.ts";
import { portProtocols } from "./service-ports.ts";

// Rules: pkg/apis/core/validation/validation.go validateEndpointSubsets and below.

const subsetsPath = path("subsets");
const strictIPs = strictly();

export function subsetErrors(subsets: readonly EndpointSubset[] | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, subset] of (subsets ?? []).entries()) {
    const place = subsetsPath.index(i);
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.push(required(place, "must specify `addresses` or `notReadyAddresses`"));
    }
    const ready = place.child("addresses");
    for (let j = 0; j < addresses.length; j++) addAddressErrors(errors, addresses[j]!, ready.index(j));
    const notReady = place.child("notReadyAddresses");
    for (let j = 0; j < notReadyAddresses.length; j++)
      addAddressErrors(errors, notReadyAddresses[j]!, notReady.index(j));
    const portsPath = place.child("ports");
    for (const [j, port] of ports.entries()) addPortErrors(errors, port, portsPath.index(j), ports.length > 1);
  }
  return errors;
}

function addAddressErrors(errors: FieldError[], address: EndpointAddress, place: Path): void {
  const ip = address.ip ?? "";
  const ipPath = place.child("ip");
  errors.push(...isValidIPForLegacyField(ipPath, ip, strictIPs));
  if (address.hostname) {
    addMessages(errors, isDNS1123Label(address.hostname), () => place.child("hostname"), address.hostname);
  }
  if (address.nodeName !== undefined) {
    const messages = nameIsDNSSubdomain(address.nodeName, false);
    addMessages(errors, messages, () => place.child("nodeName"), address.nodeName);
  }
  addEndpointIPErrors(errors, ip, () => ipPath);
}

function addPortErrors(errors: FieldError[], port: EndpointPort, place: Path, several: boolean): void {
  const number = port.port ?? 0;
  if (port.name) addMessages(errors, isDNS1123Label(port.name), () => place.child("name"), port.name);
  else if (several) errors.push(required(place.child("name")));
  addMessages(errors, isValidPortNum(number), () => place.child("port"), number);
  if (!port.protocol) errors.push(required(place.child("protocol")));
  else if (!portProtocols.includes(port.protocol)) {
    errors.push(notSupported(place.child("protocol"), port.protocol, portProtocols));
  }
  if (port.appProtocol !== undefined) {
    addMessages(errors, isQualifiedName(port.appProtocol), () => place.child("appProtocol"), port.appProtocol);
  }
}
