const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);
const words: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};
const symbols = new Map(Object.entries(words).map(([symbol, word]) => [word, symbol]));

/** Names that are words of the language may be asked for as they are, too: `metadata.namespace` (types.go FindStructFieldType). */
export function escapedKeyword(name: string): string | undefined {
  return reserved.has(name) ? `__${name}__` : undefined;
}

/**
 * The identifier by which expressions reach a JSON field: `a-b` is `a__dash__b`, `namespace` is `__namespace__`.
 * `undefined` where a name cannot be one: expressions do not see such fields.
 * Upstream: apiserver/pkg/cel/escaping.go.
 */
export function escapeFieldName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  return name.replace(/__|[-./]/g, (symbol) => words[symbol]!);
}

/** The JSON field of an identifier, `undefined` where it is none that `escapeFieldName` makes. */
export function unescapeFieldName(identifier: string): string | undefined {
  let valid = true;
  const name = identifier.replace(/__[^_]+__/g, (word) => {
    const symbol = symbols.get(word);
    if (symbol !== undefined) return symbol;
    const inner = word.slice(2, -2);
    if (!reserved.has(inner) || word.length !== identifier.length) valid = false;
    return inner;
  });
  return valid ? name : undefined;
}
