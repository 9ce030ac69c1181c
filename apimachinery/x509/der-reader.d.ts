/** One element of DER data (X.690): where its contents lie. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}
export declare const derTag: {
  readonly integer: 2;
  readonly oid: 6;
  readonly sequence: 48;
  readonly set: 49;
  readonly context0: 160;
};
/** The element at `offset`; throws where it is truncated or not DER. */
export declare function readElement(der: Buffer, offset: number, limit?: number): DerElement;
/** The elements within a sequence or set. */
export declare function readChildren(der: Buffer, parent: DerElement): DerElement[];
/** Dotted text of an object identifier's contents. */
export declare function readOid(der: Buffer, { start, end }: DerElement): string;
/** Text of any of the string types that names use; undefined for other types. */
export declare function readText(der: Buffer, { tag, start, end }: DerElement): string | undefined;
/** One attribute of a distinguished name, in its order. */
export interface NameAttribute {
  readonly oid: string;
  /** Undefined where the value is not text. */
  readonly value: string | undefined;
}
/** A certificate's subject, read from its DER (RFC 5280 section 4.1). */
export declare function readSubject(der: Buffer): NameAttribute[];
/** The attributes of a Name (RFC 5280 section 4.1.2.4). */
export declare function readName(der: Buffer, name: DerElement): NameAttribute[];
