/** One mistake in an expression. */
export interface Issue {
  readonly message: string;
  /** From 1; 0 and -1 where it has no place. */
  readonly line: number;
  /** In code points, from 0. */
  readonly column: number;
}

const maxSnippetLength = 16384;
const maxIssues = 100;

/** An expression's text with its lines. Offsets count code points. */
export class Source {
  readonly text: string;
  readonly characters: readonly string[];
  readonly #lineStarts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    this.characters = Array.from(text);
    for (const [index, character] of this.characters.entries()) {
      if (character === "\n") this.#lineStarts.push(index + 1);
    }
  }

  locate(offset: number): { line: number; column: number } {
    let line = 0;
    while (line + 1 < this.#lineStarts.length && this.#lineStarts[line + 1]! <= offset) line++;
    return { line: line + 1, column: offset - this.#lineStarts[line]! };
  }

  line(number: number): string | undefined {
    const start = this.#lineStarts[number - 1];
    if (start === undefined) return undefined;
    const end = this.#lineStarts[number];
    return this.characters.slice(start, end === undefined ? undefined : end - 1).join("");
  }
}

/** All mistakes as cel-go shows them: place, message, the line and a mark below it. */
export function formatIssues(source: Source, issues: readonly Issue[]): string {
  const shown = [...issues].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, maxIssues);
  const lines = shown.map((issue) => formatIssue(source, issue));
  if (issues.length > maxIssues) lines.push(`${issues.length - maxIssues} more errors were truncated`);
  return lines.join("\n");
}

function formatIssue(source: Source, { message, line, column }: Issue): string {
  const head = `ERROR: <input>:${line}:${column + 1}: ${message}`;
  const text = source.line(line);
  if (text === undefined || Buffer.byteLength(text) > maxSnippetLength) return head;
  const snippet = text.replaceAll("\t", " ");
  const characters = Array.from(snippet);
  let mark = "";
  for (let index = 0; index < column && index < characters.length; index++) {
    mark += isWide(characters[index]!) ? "\uff0e" : ".";
  }
  const at = characters[column];
  mark += at !== undefined && isWide(at) ? "\uff3e" : "^";
  return `${head}\n | ${snippet}\n | ${mark}`;
}

function isWide(character: string): boolean {
  return character.codePointAt(0)! > 0x7f;
}
