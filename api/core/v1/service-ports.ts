import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { isDNS1123Label } from "../../../apimachinery/validation/dns.ts";
import { isValidPortName, isValidPortNum } from "../../../apimachinery/validation/formats.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type { Service, ServicePort } from "../../generated/types/core-v1.ts";
import { addMessages } from "../../validation.ts";

// Rules: pkg/apis/core/validation/validation.go validateServicePort, ValidatePortNumOrName.

/** Transport protocols that ports may have, in the order messages list them. */
export const portProtocols = ["SCTP", "TCP", "UDP"];

const portsPath = path("spec", "ports");

export function addPortErrors(errors: FieldError[], { spec }: Service): void {
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  for (let i = 0; i < ports.length; i++) addOnePortErrors(errors, ports[i]!, { i, several: ports.length > 1, names });
}

interface PortPlace {
  readonly i: number;
  readonly several: boolean;
  /** Names of the ports before; grows. */
  readonly names: Set<string>;
}

function addOnePortErrors(errors: FieldError[], port: ServicePort, { i, several, names }: PortPlace): void {
  const at = (field: string) => () => portsPath.index(i).child(field);
  const name = port.name ?? "";
  if (name !== "") {
    addMessages(errors, isDNS1123Label(name), at("name"), name);
    if (names.has(name)) errors.push(duplicate(at("name")(), name));
    names.add(name);
  } else if (several) errors.push(required(at("name")()));
  const number = port.port ?? 0;
  addMessages(errors, isValidPortNum(number), at("port"), number);
  if (!port.protocol) errors.push(required(at("protocol")()));
  else if (!portProtocols.includes(port.protocol)) {
    errors.push(notSupported(at("protocol")(), port.protocol, portProtocols));
  }
  const target = port.targetPort ?? 0;
  addMessages(errors, portNumberOrNameMessages(target), at("targetPort"), target);
  if (port.appProtocol !== undefined) {
    addMessages(errors, isQualifiedName(port.appProtocol), at("appProtocol"), port.appProtocol);
  }
}

function portNumberOrNameMessages(port: number | string): readonly string[] {
  return typeof port === "number" ? isValidPortNum(port) : isValidPortName(port);
}
