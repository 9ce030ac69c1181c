import { changeValue } from "./html-references.ts";

/** Which attributes of which elements are URLs (apimachinery/pkg/util/proxy atomsToAttrs). */
const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  video: ["poster", "src"],
};

/** Elements whose content holds no tags. */
const rawElement = /^(?:iframe|noembed|noframes|noscript|plaintext|script|style|textarea|title|xmp)$/;

interface Attribute {
  /** In lower case. */
  readonly key: string;
  readonly value: string;
  /** Where the value ends. */
  readonly end: number;
}
interface Tag {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  /** Behind its closing bracket. */
  readonly end: number;
}

/**
 * HTML with another URL wherever one stands in an attribute that holds URLs; undefined from `rewrite` leaves it. Start tags
 * are written anew as Go's golang.org/x/net/html does, all else is as it was; a tag that does not end is left out with all
 * behind it. Each character stands for a byte of UTF-8.
 */
export function rewriteHtml(html: string, rewrite: (url: string) => string | undefined): string {
  const written: string[] = [];
  let done = 0;
  let at = html.indexOf("<");
  while (at >= 0) {
    const [next = ""] = html.slice(at + 1, at + 2);
    if (/[a-zA-Z]/.test(next)) {
      written.push(html.slice(done, at));
      const tag = readTag(html, at + 1);
      if (tag === undefined) return written.join("");
      written.push(writeTag(html, tag, rewrite));
      done = tag.end;
      at = rawElement.test(tag.name) ? rawEnd(html, tag) : tag.end;
    } else if (next === "/" && /[a-zA-Z]/.test(html.charAt(at + 2))) {
      const tag = readTag(html, at + 2);
      if (tag === undefined) return `${written.join("")}${html.slice(done, at)}`;
      at = tag.end;
    } else if (/[/!?]/.test(next)) at = commentEnd(html, at);
    else at++;
    at = html.indexOf("<", at);
  }
  return `${written.join("")}${html.slice(done)}`;
}

/** `at`: its name. Undefined where the tag has no end. */
function readTag(html: string, at: number): Tag | undefined {
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(html);
    position = match === null ? position : pattern.lastIndex;
    return match;
  };
  let position = at;
  const name = take(/[^ \n\r\t\f/>]+/y)![0].toLowerCase();
  const attributes = new Map<string, Attribute>();
  take(/[ \n\r\t\f]+/y);
  while (position < html.length && html[position] !== ">") {
    const key = (take(/=?[^ \n\r\t\f/>=]*/y)?.[0] ?? "").toLowerCase();
    take(/[ \n\r\t\f]+/y);
    let value = "";
    let end = position;
    if (take(/=[ \n\r\t\f]*/y)) {
      const match = take(/"([^"]*)"|'([^']*)'|(?=>)|([^ \n\r\t\f>"'][^ \n\r\t\f>]*)/y);
      if (match === null) return undefined;
      value = match[1] ?? match[2] ?? match[3] ?? "";
      end = match[3] === undefined ? position - 1 : position;
    } else take(/\//y);
    if (key !== "" && !attributes.has(key)) attributes.set(key, { key, value, end });
    take(/[ \n\r\t\f]+/y);
  }
  return position < html.length ? { name, attributes: [...attributes.values()], end: position + 1 } : undefined;
}

function writeTag(html: string, { name, attributes, end }: Tag, rewrite: (url: string) => string | undefined): string {
  const urls = Object.hasOwn(urlAttributes, name) ? urlAttributes[name]! : [];
  const parts = attributes.map(({ key, value }) => {
    const isUrl = urls.includes(key);
    return ` ${key}="${changeValue(value, (text) => (isUrl ? (rewrite(text) ?? text) : text))}"`;
  });
  const last = attributes.at(-1);
  const closes = html[end - 2] === "/" && (last === undefined || last.end !== end - 1);
  return `<${name}${parts.join("")}${closes ? "/" : ""}>`;
}

/** Where tags begin again. */
function rawEnd(html: string, { name, end }: Tag): number {
  if (name === "plaintext") return html.length;
  if (name === "script") return scriptEnd(html, end);
  const found = html.slice(end).search(new RegExp(`</${name}[ \\n\\r\\t\\f/>]`, "i"));
  return found < 0 ? html.length : end + found;
}

/** In a comment of a script, a script within it hides its end. */
function scriptEnd(html: string, from: number): number {
  const mark = /<!--|-->|<(\/?)script[ \n\r\t\f/>]/gi;
  mark.lastIndex = from;
  let [inComment, inScript] = [false, false];
  for (let match = mark.exec(html); match !== null; match = mark.exec(html)) {
    if (match[0] === "-->") [inComment, inScript] = [false, false];
    else if (match[0] === "<!--") {
      inComment = true;
      // `<!-->` ends where it began.
      mark.lastIndex -= 2;
    } else if (match[1] === "") inScript = inComment;
    else if (!inScript) return match.index;
    else inScript = false;
  }
  return html.length;
}

/** Behind a comment, or what is read like one. */
function commentEnd(html: string, at: number): number {
  const isComment = html.startsWith("<!--", at);
  const end = isComment ? /--!?>/g : />/g;
  end.lastIndex = at + 2;
  return end.exec(html) === null ? html.length : end.lastIndex;
}
