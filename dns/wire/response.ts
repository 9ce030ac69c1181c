import { classIN, flags, headerBytes, type Rcode, rcodes, types } from "./constants.ts";
import { nameBytes } from "./name.ts";
import type { Edns, Query } from "./query.ts";

/** A resource record of class IN. Names as `readName` gives them. */
export type ResourceRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: "A" | "AAAA"; readonly address: Uint8Array }
  | { readonly type: "CNAME" | "PTR" | "NS"; readonly target: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: "TXT"; readonly text: string }
  | {
      readonly type: "SOA";
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    }
);

export interface Answer {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
}

/**
 * The message that answers `query`. Names are written once and pointed to. Where it would be longer than `maxBytes`, records
 * are left out from its end, and unless only additional ones are missing it says that it is truncated (RFC 2181 section 9).
 */
export function encodeAnswer(query: Query, answer: Answer, maxBytes = 0xffff): Uint8Array {
  const writer = new MessageWriter(query);
  const limit = maxBytes - (query.edns === undefined ? 0 : optBytes);
  const sections = [answer.answers, answer.authorities ?? [], answer.additionals ?? []];
  const counts = [0, 0, 0];
  let truncated = false;
  fill: for (const [section, records] of sections.entries()) {
    for (const record of records) {
      if (!writer.record(record, limit)) {
        truncated = section < 2;
        break fill;
      }
      (counts[section] as number)++;
    }
  }
  if (query.edns !== undefined) writer.opt(query.edns, answer.rcode);
  return writer.finish({ counts, truncated, answer, query });
}

/** An answer without a question, for what could not be read. */
export function encodeRefusal(id: number, queryFlags: number, rcode: Rcode): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, flags.response | (queryFlags & (flags.opcode | flags.recursionDesired)) | rcode);
  return bytes;
}

const optBytes = 11;
const startBytes = 1024;

class MessageWriter {
  #bytes = new Uint8Array(startBytes);
  #length: number;
  /** Where each name, and each end of one, was written. */
  readonly #names = new Map<string, number>();

  constructor({ name, question }: Query) {
    this.#bytes.set(question, headerBytes);
    this.#length = headerBytes + question.length;
    this.#remember(name, headerBytes);
  }

  /** False, with nothing written, where it does not fit. */
  record(record: ResourceRecord, limit: number): boolean {
    const start = this.#length;
    const known = this.#names.size;
    this.#name(record.name);
    this.#uint16(types[record.type]);
    this.#uint16(classIN);
    this.#uint32(record.ttl);
    const lengthAt = this.#length;
    this.#uint16(0);
    this.#data(record);
    if (this.#length > limit) {
      this.#length = start;
      for (const name of [...this.#names.keys()].slice(known)) this.#names.delete(name);
      return false;
    }
    this.#view().setUint16(lengthAt, this.#length - lengthAt - 2);
    return true;
  }

  opt({ udpBytes, dnssecOk }: Edns, rcode: Rcode): void {
    this.#raw(Uint8Array.of(0, 0, types.OPT));
    this.#uint16(udpBytes);
    this.#raw(Uint8Array.of(rcode >> 4, 0, dnssecOk ? 0x80 : 0, 0, 0, 0));
  }

  finish({
    counts,
    truncated,
    answer,
    query,
  }: {
    readonly counts: readonly number[];
    readonly truncated: boolean;
    readonly answer: Answer;
    readonly query: Query;
  }): Uint8Array {
    const view = this.#view();
    view.setUint16(0, query.id);
    view.setUint16(
      2,
      flags.response |
        flags.recursionAvailable |
        (query.flags & (flags.recursionDesired | flags.checkingDisabled)) |
        (answer.authoritative ? flags.authoritative : 0) |
        (truncated ? flags.truncated : 0) |
        (answer.rcode & flags.rcode),
    );
    view.setUint16(4, 1);
    view.setUint16(6, counts[0] as number);
    view.setUint16(8, counts[1] as number);
    view.setUint16(10, (counts[2] as number) + (query.edns === undefined ? 0 : 1));
    return this.#bytes.subarray(0, this.#length);
  }

  #data(record: ResourceRecord): void {
    switch (record.type) {
      case "A":
      case "AAAA":
        this.#raw(record.address);
        break;
      case "CNAME":
      case "PTR":
      case "NS":
        this.#name(record.target);
        break;
      case "SRV":
        for (const number of [record.priority, record.weight, record.port]) this.#uint16(number);
        this.#raw(nameBytes(record.target)); // Never a pointer: RFC 2782.
        break;
      case "TXT": {
        const text = new TextEncoder().encode(record.text).subarray(0, 255);
        this.#raw(Uint8Array.of(text.length));
        this.#raw(text);
        break;
      }
      case "SOA":
        this.#name(record.primary);
        this.#name(record.mailbox);
        for (const number of [record.serial, record.refresh, record.retry, record.expire, record.minimum])
          this.#uint32(number);
    }
  }

  #name(name: string): void {
    const known = name === "" ? undefined : this.#names.get(name);
    if (known !== undefined) {
      this.#uint16(0xc000 | known);
      return;
    }
    const dot = unescapedDot(name);
    const start = this.#length;
    if (name === "" || dot < 0) {
      this.#raw(nameBytes(name));
      this.#remember(name, start);
      return;
    }
    const label = nameBytes(name.slice(0, dot));
    this.#raw(label.subarray(0, label.length - 1));
    this.#name(name.slice(dot + 1));
    if (start < 0x4000) this.#names.set(name, start);
  }

  /** Pointers reach 16 KiB far. */
  #remember(name: string, start: number): void {
    let at = start;
    for (let rest = name; rest !== "" && at < 0x4000; ) {
      if (!this.#names.has(rest)) this.#names.set(rest, at);
      at += (this.#bytes[at] as number) + 1;
      const dot = unescapedDot(rest);
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
  }

  #uint16(value: number): void {
    this.#raw(Uint8Array.of(value >> 8, value & 0xff));
  }

  #uint32(value: number): void {
    this.#raw(Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff));
  }

  #raw(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #view(): DataView {
    return new DataView(this.#bytes.buffer);
  }
}

function unescapedDot(name: string): number {
  for (let i = 0; i < name.length; i++) {
    if (name[i] === "\\") i++;
    else if (name[i] === ".") return i;
  }
  return -1;
}

export const servfail: Answer = { rcode: rcodes.SERVFAIL, authoritative: false, answers: [] };
export const refused: Answer = { rcode: rcodes.REFUSED, authoritative: false, answers: [] };
