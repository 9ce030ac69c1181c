/** One wish of an Accept header. */
export interface Clause {
  readonly mediaType: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The clauses of an Accept header, the most wanted first (RFC 9110, 12.5.1). */
export function clausesOf(accept: string): readonly Clause[] {
  return accept
    .split(",")
    .map(parseClause)
    .sort((a, b) => b.quality - a.quality);
}

function parseClause(clause: string): Clause {
  const [mediaType = "", ...rest] = clause.split(";").map((part) => part.trim());
  const parameters = new Map(
    rest.map((part): [string, string] => {
      const at = part.indexOf("=");
      return at < 0 ? [part, ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
  const quality = Number(parameters.get("q") ?? "1");
  return { mediaType: mediaType.toLowerCase(), quality: Number.isFinite(quality) ? quality : 0, parameters };
}
