/** `299 - "text"`, with its quoted text; RFC 7234 section 5.5. */
const warning = /\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g;

/** The texts of `Warning` headers, several of which may come as one. */
export function parseWarnings(header: string | readonly string[] | undefined): readonly string[] {
  if (header === undefined) return [];
  const text = typeof header === "string" ? header : header.join(", ");
  return Array.from(text.matchAll(warning), ([, quoted = ""]) => quoted.replace(/\\(.)/g, "$1"));
}
