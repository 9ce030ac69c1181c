import type { Path } from "../../../../../apimachinery/field/path.ts";
import { goQuote } from "../../../../../apimachinery/text/go-quote.ts";
import type { ContainerPort, PodSpec } from "../../../../generated/types/core-v1.ts";
import { containerPath, containersOf } from "../containers.ts";

interface PlacedPort {
  readonly port: ContainerPort;
  readonly at: Path;
}

/** A port as Go prints the struct (`%+v`). */
function describe({ name = "", hostPort = 0, containerPort = 0, protocol = "", hostIP = "" }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

/** How two definitions of the same port of one protocol meet; undefined where they do not. */
function relation(port: ContainerPort, other: ContainerPort): string | undefined {
  const { hostIP = "", hostPort = 0 } = port;
  const { hostIP: otherIP = "", hostPort: otherPort = 0 } = other;
  if (hostIP === otherIP && hostPort === otherPort) return "duplicate port definition with";
  if (hostPort === 0 || otherPort === 0) return "overlapping port definition with";
  if (hostPort !== otherPort || (hostIP === "") === (otherIP === "")) return undefined;
  return "dangerously ambiguous port definition with";
}

/** Ports that are named or defined twice within a pod. */
export function* portWarnings(spec: PodSpec, specPath: Path): Iterable<string> {
  const placed: PlacedPort[] = containersOf(spec).flatMap((one) =>
    (one.container.ports ?? []).map((port, i) => ({ port, at: containerPath(specPath, one).child("ports").index(i) })),
  );
  const defined = new Map<string, PlacedPort[]>();
  for (const one of placed) {
    const { port, at } = one;
    if (port.hostIP && !port.hostPort) yield `${at}: hostIP set without hostPort: ${describe(port)}`;
    const key = `${port.containerPort ?? 0}/${port.protocol ?? ""}`;
    const others = defined.get(key) ?? [];
    for (const other of others) {
      const text = relation(port, other.port);
      if (text !== undefined) yield `${at}: ${text} ${other.at}`;
    }
    defined.set(key, [...others, one]);
  }
  const named = new Map<string, Path>();
  for (const { port, at } of placed) {
    const { name = "" } = port;
    const other = named.get(name);
    if (other !== undefined) {
      yield `${at}: duplicate port name ${goQuote(name)} with ${other}, services and probes that select ports by name will use ${other}`;
    } else if (name !== "") named.set(name, at);
  }
}
