import { flags, headerBytes, type Rcode, rcodes, types } from "./constants.ts";
import { readName } from "./name.ts";

/** One question, and what else of it matters. */
export interface Query {
  readonly id: number;
  /** The header's second word, as it came. */
  readonly flags: number;
  /** As `readName` gives it. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question's bytes, in the client's spelling: it is sent back as it came. */
  readonly question: Uint8Array;
  /** Present where the client speaks EDNS (RFC 6891). */
  readonly edns?: Edns;
}

export interface Edns {
  readonly udpBytes: number;
  readonly version: number;
  /** It wants to see DNSSEC records. */
  readonly dnssecOk: boolean;
}

export type ParsedQuery =
  | { readonly kind: "query"; readonly query: Query }
  /** To be answered with an error and nothing else. */
  | { readonly kind: "refusal"; readonly id: number; readonly flags: number; readonly rcode: Rcode }
  /** Nobody waits for an answer to this. */
  | { readonly kind: "nothing" };

/** Never throws, whatever the bytes. */
export function parseQuery(bytes: Uint8Array): ParsedQuery {
  if (bytes.length < headerBytes) return { kind: "nothing" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const id = view.getUint16(0);
  const flagBits = view.getUint16(2);
  if ((flagBits & flags.response) !== 0) return { kind: "nothing" };
  const refusal = (rcode: Rcode): ParsedQuery => ({ kind: "refusal", id, flags: flagBits, rcode });
  if ((flagBits & flags.opcode) !== 0) return refusal(rcodes.NOTIMP);
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => view.getUint16(at));
  // The limits of github.com/miekg/dns, DefaultMsgAcceptFunc: an IXFR has a record of authority, EDNS and TSIG are additional.
  if (questions !== 1 || answers! > 1 || authorities! > 1 || additionals! > 2) return refusal(rcodes.FORMERR);
  try {
    const { name, end, compressed } = readName(bytes, headerBytes);
    // Nothing is before the question that it could point to.
    if (compressed || end + 4 > bytes.length) return refusal(rcodes.FORMERR);
    const edns = readEdns(view, bytes, { start: end + 4, records: answers! + authorities! + additionals! });
    const query: Query = {
      id,
      flags: flagBits,
      name,
      type: view.getUint16(end),
      class: view.getUint16(end + 2),
      question: bytes.subarray(headerBytes, end + 4),
      ...(edns === undefined ? {} : { edns }),
    };
    return { kind: "query", query };
  } catch {
    // Whatever cannot be read, by WireError or past the end, is malformed.
    return refusal(rcodes.FORMERR);
  }
}

function readEdns(
  view: DataView,
  bytes: Uint8Array,
  { start, records }: { readonly start: number; readonly records: number },
): Edns | undefined {
  let at = start;
  for (let i = 0; i < records; i++) {
    const { end } = readName(bytes, at);
    const isOpt = view.getUint16(end) === types.OPT;
    if (isOpt) {
      const dnssecOk = (view.getUint8(end + 6) & 0x80) !== 0;
      return { udpBytes: view.getUint16(end + 2), version: view.getUint8(end + 5), dnssecOk };
    }
    at = end + 10 + view.getUint16(end + 8);
  }
  return undefined;
}
