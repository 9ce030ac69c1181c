import { duplicate, invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { isValidPortName, isValidPortNum } from "../../../../../apimachinery/validation/formats.ts";
import type { Container, ContainerPort, PodSpec } from "../../../../generated/types/core-v1.ts";
import { type Check, checkMessages } from "./check.ts";

const protocols = ["SCTP", "TCP", "UDP"];

/** pkg/apis/core/validation validateContainerPorts. */
export function validateContainerPorts(check: Check, ports: readonly ContainerPort[], place: Path): void {
  let names: Set<string> | undefined;
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i]!;
    const at = place.index(i);
    if (port.name !== undefined && port.name !== "") {
      const messages = isValidPortName(port.name);
      names ??= new Set();
      if (messages.length > 0) checkMessages(check, at.child("name"), port.name, messages);
      else if (names.has(port.name)) check.errors.push(duplicate(at.child("name"), port.name));
      else names.add(port.name);
    }
    const { containerPort = 0, hostPort = 0, protocol = "" } = port;
    if (containerPort === 0) check.errors.push(required(at.child("containerPort")));
    else checkMessages(check, at.child("containerPort"), containerPort, isValidPortNum(containerPort));
    if (hostPort !== 0) checkMessages(check, at.child("hostPort"), hostPort, isValidPortNum(hostPort));
    if (protocol === "") check.errors.push(required(at.child("protocol")));
    else if (!protocols.includes(protocol)) {
      check.errors.push(notSupported(at.child("protocol"), protocol, protocols));
    }
  }
}

/** A port number, or the name of a container's port. */
export function validatePortNumberOrName(check: Check, port: number | string | undefined, place: Path): void {
  if (typeof port === "string") checkMessages(check, place, port, isValidPortName(port));
  else checkMessages(check, place, port ?? 0, isValidPortNum(port ?? 0));
}

/** No two containers of a pod may ask for one port of the host (checkHostPortConflicts). */
export function validateHostPortConflicts(check: Check, containers: readonly Container[], place: Path): void {
  let taken: Set<string> | undefined;
  containers.forEach((container, c) => {
    container.ports?.forEach((port, p) => {
      if (!port.hostPort) return;
      const key = `${port.protocol ?? ""}/${port.hostIP ?? ""}/${port.hostPort}`;
      taken ??= new Set();
      if (taken.has(key)) check.errors.push(duplicate(place.index(c).child("ports").index(p).child("hostPort"), key));
      else taken.add(key);
    });
  });
}

/** On the host's network a container's port is the host's port (validatePodHostNetworkDeps). */
export function validateHostNetworkPorts(check: Check, spec: PodSpec, specPath: Path): void {
  if (!spec.hostNetwork) return;
  spec.containers?.forEach((container, c) => {
    container.ports?.forEach((port, p) => {
      const hostPort = port.hostPort ?? 0;
      if ((check.options.resourceIsPod || hostPort !== 0) && hostPort !== (port.containerPort ?? 0)) {
        const at = specPath.child("containers").index(c).child("ports").index(p).child("hostPort");
        check.errors.push(invalid(at, hostPort, "must match `containerPort` when `hostNetwork` is true"));
      }
    });
  });
}
