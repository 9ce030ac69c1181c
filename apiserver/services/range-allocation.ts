import { decodeProtobuf, encodeProtobuf, isProtobuf } from "../../api/protobuf.ts";
import { type PortRange, PortSet, parsePortRange, portRangeText } from "./port-set.ts";

/** Where upstream keeps it: no resource, it is read and written by allocators alone. */
export const nodePortsKey = "/registry/ranges/servicenodeports";

interface RangeAllocation {
  readonly range?: string;
  /** Base64. */
  readonly data?: string;
}

/** The stored form of which ports are taken, byte for byte upstream's: the protobuf of a v1 RangeAllocation. */
export function encodePorts(ports: PortSet): Uint8Array {
  const data = Buffer.from(ports.toBytes()).toString("base64");
  return encodeProtobuf({
    apiVersion: "v1",
    kind: "RangeAllocation",
    metadata: {},
    range: portRangeText(ports.range),
    data,
  });
}

/**
 * The ports of a stored RangeAllocation, in whichever encoding, as a set over `range`: ports of another range than that were
 * given out before the setting changed, and those that `range` does not cover are left out. Throws on what is none.
 */
export function decodePorts(bytes: Uint8Array, range: PortRange): PortSet {
  const value = (
    isProtobuf(bytes) ? decodeProtobuf(bytes) : JSON.parse(Buffer.from(bytes).toString())
  ) as RangeAllocation;
  const stored = parsePortRange(value.range ?? "");
  if (stored === undefined) throw new Error(`the stored range of node ports is none: ${JSON.stringify(value.range)}`);
  const taken = PortSet.fromBytes(stored, Buffer.from(value.data ?? "", "base64"));
  const { first, last } = stored;
  if (first === range.first && last === range.last) return taken;
  const ports = new PortSet(range);
  for (const port of taken) if (ports.covers(port)) ports.add(port);
  return ports;
}
