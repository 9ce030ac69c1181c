/** A registry's address without its scheme: `registry.example.com:5000/team`. */
export interface RegistryLocation {
  /** With its port. */
  readonly host: string;
  /** Empty, or with a leading slash. */
  readonly path: string;
}

/** The location in `text`, whatever scheme it has; undefined where there is none (keyring.go, Add). */
export function parseLocation(text: string): RegistryLocation | undefined {
  const match = /^(?:https?:\/\/)?(?:[^/@]*@)?([^/?#\s]+)([^?#\s]*)/.exec(text);
  if (match === null) return undefined;
  const [, host, path] = match as unknown as [string, string, string];
  // Docker means the same by a host, HOST/v1/ and HOST/v2/.
  const effective = /^\/v[12]\//.test(path) ? path.slice(3) : path;
  return { host, path: effective === "/" ? "" : effective };
}

/**
 * Whether credentials for `pattern` are for the repository at `target`: as many parts of the host, each matching as a glob, the
 * same port, and a path that begins with the pattern's (keyring.go, URLsMatch).
 *
 * Example: `*.example.com/team` matches `eu.example.com/team/app`, not `example.com/team/app` nor `eu.example.com:5000/team`.
 */
export function matchesLocation(pattern: RegistryLocation, target: RegistryLocation): boolean {
  const [patternHost, patternPort] = splitPort(pattern.host);
  const [host, port] = splitPort(target.host);
  if (patternPort !== port || !target.path.startsWith(pattern.path)) return false;
  const [patternParts, parts] = [patternHost.split("."), host.split(".")];
  return patternParts.length === parts.length && patternParts.every((part, i) => matchesGlob(part, parts[i] as string));
}

function splitPort(host: string): readonly [host: string, port: string] {
  const match = /^(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(host);
  if (match === null) return [host, ""];
  // As net.SplitHostPort, which takes the brackets off: they are no character class.
  return [(match[1] as string).replace(/^\[(.*)\]$/, "$1"), match[2] as string];
}

/**
 * Go's path/filepath.Match without a separator in the text: `*`, `?`, `[a-z]`, `[^a]`, `\x`. Takes pattern × text steps at
 * most, whatever is asked. A broken pattern matches nothing.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const tokens = parseGlob(pattern);
  if (tokens === undefined) return false;
  let [at, position, star, marked] = [0, 0, -1, 0];
  while (position < text.length) {
    const token = tokens[at];
    if (token === "*") {
      star = at++;
      marked = position;
    } else if (token?.(text[position] as string)) {
      at++;
      position++;
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1;
      position = ++marked;
    } else return false;
  }
  while (tokens[at] === "*") at++;
  return at === tokens.length;
}

type Token = "*" | ((character: string) => boolean);

function parseGlob(pattern: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === "*") tokens.push("*");
    else if (character === "?") tokens.push(() => true);
    else if (character === "[") {
      const end = pattern.indexOf("]", i + 2);
      if (end < 0) return undefined;
      tokens.push(characterClass(pattern.slice(i + 1, end)));
      i = end;
    } else {
      const literal = character === "\\" ? pattern[++i] : character;
      if (literal === undefined) return undefined;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

function characterClass(body: string): (character: string) => boolean {
  const isNegated = body.startsWith("^");
  const ranges = [...body.slice(isNegated ? 1 : 0).matchAll(/([^-])(?:-([^-]))?/g)];
  const holds = (character: string): boolean =>
    ranges.some(([, low, high = low]) => (low as string) <= character && character <= (high as string));
  return (character) => holds(character) !== isNegated;
}
