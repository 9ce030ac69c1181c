/** The names of U+00A0 to U+00FF, which may stand without their semicolon. */
const latin = [
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para",
  "middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave",
  "Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc",
  "Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc",
  "iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml",
];
const named = new Map<string, string>([
  ...latin
    .join(" ")
    .split(" ")
    .map((name, index): [string, string] => [name, String.fromCharCode(0xa0 + index)]),
  ...Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', AMP: "&", LT: "<", GT: ">", QUOT: '"' }),
  ...Object.entries({ COPY: "\u00a9", REG: "\u00ae" }),
]);
const windows1252 = new TextDecoder("windows-1252");

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "'": "&#39;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "\r": "&#13;",
};

/** Each character of these texts stands for a byte of UTF-8. */
const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");

/**
 * The value of an attribute, changed and written between double quotes as Go's golang.org/x/net/html writes it. References
 * to characters by names beyond Latin-1 stay as they are.
 */
export function changeValue(written: string, change: (value: string) => string): string {
  const kept: string[] = [];
  const value = written
    .replace(/\r\n?/g, "\n")
    .replace(/&(#[xX]?[0-9a-fA-F]+;?|[a-zA-Z0-9]+;?)(=?)/g, (all, name, next) => {
      if (name.startsWith("#")) {
        const [, number = "", rest = ""] = /^(#[xX][0-9a-fA-F]+;?|#[0-9]+;?)?(.*)$/.exec(name) ?? [];
        return number === "" ? all : `${bytesOf(numbered(number))}${rest}${next}`;
      }
      const closed = name.endsWith(";");
      if (!closed && next === "=") return all;
      const found = closed && name === "apos;" ? "'" : named.get(closed ? name.slice(0, -1) : name);
      if (found !== undefined) return `${bytesOf(found)}${next}`;
      if (!closed) return all;
      kept.push(`&${name}`);
      return `\u{100}${next}`;
    });
  const changed = change(value).replace(/[&'<>"\r]/g, (character) => escapes[character]!);
  // What is kept is no byte, so nothing else is taken for it; a URL would have it escaped.
  return kept.length > 0 && changed.split("\u{100}").length !== kept.length + 1
    ? written.replaceAll('"', "&#34;")
    : changed.replace(/\u{100}/gu, () => kept.shift()!);
}

function numbered(text: string): string {
  const hexadecimal = /^#[xX]/.test(text);
  const digits = text.replace(/^#[xX]?|;$/g, "");
  const code = Number.parseInt(digits, hexadecimal ? 16 : 10);
  if (code >= 0x80 && code <= 0x9f) return windows1252.decode(Uint8Array.of(code));
  return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? "\u{fffd}" : String.fromCodePoint(code);
}
