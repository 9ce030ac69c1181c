import { flags, headerBytes, types } from "./constants.ts";
import { readName, WireError } from "./name.ts";
import type { Query } from "./query.ts";
import type { ResourceRecord } from "./response.ts";

// Messages of other servers, handed on as they are: only what has to change in them is looked for.

export interface MessageShape {
  readonly rcode: number;
  readonly truncated: boolean;
  readonly answers: number;
  /** Where the times to live stand, the one of EDNS left out. */
  readonly ttlOffsets: readonly number[];
  /** The least of them; undefined where no record has one. */
  readonly minTtl: number | undefined;
  /** The time for which a missing name may be remembered (RFC 2308 section 5); undefined where nobody said. */
  readonly negativeTtl: number | undefined;
}

/** Throws WireError, or RangeError where it ends too early. */
export function readShape(bytes: Uint8Array): MessageShape {
  const view = viewOf(bytes);
  const bits = view.getUint16(2);
  const ttlOffsets: number[] = [];
  let minTtl: number | undefined;
  let negativeTtl: number | undefined;
  eachRecord(bytes, ({ type, ttlAt, ttl, dataAt, dataLength }) => {
    if (type === types.OPT) return;
    ttlOffsets.push(ttlAt);
    minTtl = Math.min(minTtl ?? ttl, ttl);
    if (type === types.SOA) negativeTtl = Math.min(ttl, view.getUint32(dataAt + dataLength - 4));
  });
  return {
    rcode: bits & flags.rcode,
    truncated: (bits & flags.truncated) !== 0,
    answers: view.getUint16(6),
    ttlOffsets,
    minTtl,
    negativeTtl,
  };
}

/** Addresses and aliases of the answer section, in its order: what an alias of the cluster leads to. */
export function readAddresses(bytes: Uint8Array): readonly ResourceRecord[] {
  const found: ResourceRecord[] = [];
  const answers = viewOf(bytes).getUint16(6);
  let seen = 0;
  eachRecord(bytes, ({ name, type, ttl, dataAt, dataLength }) => {
    if (seen++ >= answers) return;
    const data = new Uint8Array(bytes.subarray(dataAt, dataAt + dataLength));
    if (type === types.A && dataLength === 4) found.push({ name, ttl, type: "A", address: data });
    else if (type === types.AAAA && dataLength === 16) found.push({ name, ttl, type: "AAAA", address: data });
    else if (type === types.CNAME) found.push({ name, ttl, type: "CNAME", target: readName(bytes, dataAt).name });
  });
  return found;
}

/** Whether `bytes` answers this question, asked with this id: whatever does not is somebody's forgery or a late answer. */
export function answersQuestion(bytes: Uint8Array, id: number, { name, type }: Pick<Query, "name" | "type">): boolean {
  try {
    const view = viewOf(bytes);
    if (view.getUint16(0) !== id || (view.getUint16(2) & flags.response) === 0 || view.getUint16(4) !== 1) return false;
    const question = readName(bytes, headerBytes);
    return question.name === name && view.getUint16(question.end) === type;
  } catch {
    return false; // It cannot be read.
  }
}

/** The message as an answer to this client: its id, its spelling of the name. `bytes` are not changed. */
export function readdress(bytes: Uint8Array, query: Query): Uint8Array {
  const copy = new Uint8Array(bytes); // Not slice: a Buffer's is no copy.
  viewOf(copy).setUint16(0, query.id);
  copy.set(query.question, headerBytes);
  return copy;
}

/** Header and question alone, marked truncated: the client asks again over TCP. */
export function truncate(bytes: Uint8Array, query: Query): Uint8Array {
  const copy = new Uint8Array(bytes.subarray(0, headerBytes + query.question.length));
  const view = viewOf(copy);
  view.setUint16(2, view.getUint16(2) | flags.truncated);
  for (const at of [6, 8, 10]) view.setUint16(at, 0);
  return copy;
}

/** The question for another server: with EDNS where the client speaks it, without its options. */
export function encodeQuestion(query: Query, id: number): Uint8Array {
  const { edns, question } = query;
  const bytes = new Uint8Array(headerBytes + question.length + (edns === undefined ? 0 : 11));
  const view = viewOf(bytes);
  view.setUint16(0, id);
  view.setUint16(2, flags.recursionDesired | (query.flags & (flags.authenticData | flags.checkingDisabled)));
  view.setUint16(4, 1);
  bytes.set(question, headerBytes);
  if (edns !== undefined) {
    view.setUint16(10, 1);
    const at = headerBytes + question.length;
    view.setUint16(at + 1, types.OPT);
    view.setUint16(at + 3, forwardedUdpBytes);
    view.setUint8(at + 7, edns.dnssecOk ? 0x80 : 0);
  }
  return bytes;
}

/** What passes everywhere unfragmented (DNS Flag Day 2020). */
const forwardedUdpBytes = 1232;

interface RecordPlace {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  readonly ttlAt: number;
  readonly dataAt: number;
  readonly dataLength: number;
}

function eachRecord(bytes: Uint8Array, visit: (place: RecordPlace) => void): void {
  const view = viewOf(bytes);
  let at = headerBytes;
  for (let i = 0; i < view.getUint16(4); i++) at = readName(bytes, at).end + 4;
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  for (let i = 0; i < records; i++) {
    const { name, end } = readName(bytes, at);
    const dataLength = view.getUint16(end + 8);
    const dataAt = end + 10;
    if (dataAt + dataLength > bytes.length) throw new WireError("a record runs past the end");
    const ttl = view.getUint32(end + 4);
    visit({ name, type: view.getUint16(end), ttl, ttlAt: end + 4, dataAt, dataLength });
    at = dataAt + dataLength;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
