/** One element of DER data (X.690): where its contents lie. */
export interface DerElement {
  /** Where the element itself begins, with its tag. */
  readonly offset: number;
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

export const derTag = { integer: 0x02, bitString: 0x03, oid: 0x06, sequence: 0x30, set: 0x31, context0: 0xa0 } as const;

/** The element at `offset`; throws where it is truncated or not DER. */
export function readElement(der: Buffer, offset: number, limit: number = der.length): DerElement {
  const tag = der[offset];
  const first = der[offset + 1];
  if (tag === undefined || offset + 1 > limit) throw new Error("asn1: syntax error: sequence truncated");
  if (first === undefined || offset + 2 > limit) throw new Error("asn1: syntax error: truncated tag or length");
  if ((tag & 0x1f) === 0x1f) throw new Error("asn1: structure error: high tag numbers are not supported");
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || start + count > limit) throw new Error("asn1: structure error: invalid length");
    length = der.readUIntBE(start, count);
    start += count;
  }
  if (start + length > limit) throw new Error("asn1: syntax error: data truncated");
  return { offset, tag, start, end: start + length };
}

/** The element's bytes, with tag and length. */
export function wholeElement(der: Buffer, { offset, end }: DerElement): Buffer {
  return der.subarray(offset, end);
}

/** The elements within a sequence or set. */
export function readChildren(der: Buffer, parent: DerElement): DerElement[] {
  const children: DerElement[] = [];
  for (let offset = parent.start; offset < parent.end; ) {
    const child = readElement(der, offset, parent.end);
    children.push(child);
    offset = child.end;
  }
  return children;
}

/** Dotted text of an object identifier's contents. */
export function readOid(der: Buffer, { start, end }: DerElement): string {
  if (start === end) throw new Error("asn1: syntax error: empty object identifier");
  const parts: number[] = [];
  let value = 0;
  for (let i = start; i < end; i++) {
    value = value * 128 + (der[i]! & 0x7f);
    if (value > 2 ** 31) throw new Error("asn1: structure error: object identifier component too large");
    if ((der[i]! & 0x80) !== 0) continue;
    if (parts.length === 0)
      parts.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
    else parts.push(value);
    value = 0;
  }
  if ((der[end - 1]! & 0x80) !== 0) throw new Error("asn1: syntax error: truncated object identifier");
  return parts.join(".");
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** Text of any of the string types that names use; undefined for other types. */
function readText(der: Buffer, { tag, start, end }: DerElement): string | undefined {
  const bytes = der.subarray(start, end);
  switch (tag) {
    case 0x0c: // UTF8String
      return utf8Of(bytes);
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // T61String
    case 0x16: // IA5String
      return bytes.toString("latin1");
    case 0x1e: // BMPString
      if (bytes.length % 2 !== 0) throw new Error("asn1: syntax error: invalid BMPString");
      return Buffer.from(bytes).swap16().toString("utf16le");
    default:
      return undefined;
  }
}

function utf8Of(bytes: Buffer): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw new Error("asn1: syntax error: invalid UTF-8 string", { cause });
  }
}

/** One attribute of a distinguished name, in its order. */
export interface NameAttribute {
  readonly oid: string;
  /** Undefined where the value is not text. */
  readonly value: string | undefined;
}

/** The fields of a certificate that are signed (RFC 5280 section 4.1). */
function signedFields(der: Buffer): DerElement[] {
  const tbs = readChildren(der, readElement(der, 0))[0];
  if (tbs === undefined || tbs.tag !== derTag.sequence) throw new Error("x509: malformed certificate");
  return readChildren(der, tbs);
}

/** 1, 2 or 3: the first is the one that is not written. Only the last has extensions. */
export function versionOf(der: Buffer): number {
  const first = signedFields(der)[0];
  return first?.tag === derTag.context0 ? der[first.end - 1]! + 1 : 1;
}

/** A certificate's subject, read from its DER. */
export function readSubject(der: Buffer): NameAttribute[] {
  const fields = signedFields(der);
  // version (absent in version 1), serial number, signature, issuer, validity, subject
  const subject = fields[fields[0]?.tag === derTag.context0 ? 5 : 4];
  if (subject === undefined || subject.tag !== derTag.sequence) throw new Error("x509: malformed certificate");
  return readName(der, subject);
}

/** The attributes of a Name (RFC 5280 section 4.1.2.4). */
export function readName(der: Buffer, name: DerElement): NameAttribute[] {
  const attributes: NameAttribute[] = [];
  for (const set of readChildren(der, name)) {
    for (const pair of readChildren(der, set)) {
      const [oid, value] = readChildren(der, pair);
      if (oid?.tag !== derTag.oid || value === undefined) throw new Error("x509: malformed name");
      attributes.push({ oid: readOid(der, oid), value: readText(der, value) });
    }
  }
  return attributes;
}
