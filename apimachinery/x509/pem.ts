// PEM (RFC 7468) as Go's encoding/pem reads it: what upstream accepts and refuses follows from its ways.

export interface PemBlock {
  readonly type: string;
  /** Number of lines like `Proc-Type: 4,ENCRYPTED`. */
  readonly headers: number;
  readonly bytes: Buffer;
  /** What stands behind the block. */
  readonly rest: string;
}

const begin = "-----BEGIN ";
const end = "\n-----END ";
const dashes = "-----";
const notBase64 = /[^A-Za-z0-9+/=\r\n]/;

/** The first block of the text, whatever stands before it; undefined where there is none. Takes time linear in the text. */
export function decodePem(text: string): PemBlock | undefined {
  let from = 0;
  for (;;) {
    const endAt = text.indexOf(end, from);
    if (endAt < 0) return undefined;
    const afterEnd = endAt + end.length;
    const beginAt = text.slice(from, endAt).lastIndexOf(begin) + from;
    if (beginAt >= from && (beginAt === from || text[beginAt - 1] === "\n")) {
      const block = blockBetween(text, beginAt + begin.length, endAt, afterEnd);
      if (block !== undefined) return block;
    }
    from = afterEnd;
  }
}

/** All blocks of the text, in their order, whatever stands between them. */
export function* pemBlocks(text: string): Generator<PemBlock> {
  for (let block = decodePem(text); block !== undefined; block = decodePem(block.rest)) yield block;
}

function blockBetween(text: string, typeAt: number, endAt: number, afterEnd: number): PemBlock | undefined {
  let line = lineAt(text, typeAt);
  if (!line.text.endsWith(dashes)) return undefined;
  const type = line.text.slice(0, -dashes.length);
  const trailer = `${type}${dashes}`;
  if (!text.startsWith(trailer, afterEnd)) return undefined;
  const last = lineAt(text, afterEnd + trailer.length);
  if (last.text !== "") return undefined;
  let headers = 0;
  let contentAt = line.next;
  while (contentAt < endAt) {
    line = lineAt(text, contentAt);
    if (!line.text.includes(":")) break;
    headers += 1;
    contentAt = line.next;
  }
  // A block without content may end right behind its first line, but not behind a header.
  if (headers > 0 && contentAt > endAt) return undefined;
  const content = contentAt < endAt ? text.slice(contentAt, endAt).replace(/[ \t]/g, "") : "";
  if (contentAt > endAt + 1 || notBase64.test(content)) return undefined;
  const digits = content.replace(/[\r\n]/g, "");
  if (digits.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(digits)) return undefined;
  return { type, headers, bytes: Buffer.from(digits, "base64"), rest: text.slice(last.next) };
}

/** A line without the blanks at its end, and where the next one begins. */
function lineAt(text: string, at: number): { readonly text: string; readonly next: number } {
  const newline = text.indexOf("\n", at);
  const next = newline < 0 ? text.length : newline + 1;
  let end = newline < 0 ? text.length : newline;
  if (newline > at && text[newline - 1] === "\r") end--;
  while (end > at && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
  return { text: text.slice(at, end), next };
}
