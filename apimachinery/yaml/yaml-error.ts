import { YAMLException } from "js-yaml";

/** YAML that cannot be read, as go-yaml says it: `yaml: line 2: mapping values are not allowed in this context`. */
export class YamlError extends SyntaxError {
  override name = "YamlError";
}

interface Rule {
  readonly reason: RegExp;
  /** go-yaml's scanner counts lines from one, its parser from zero; neither names line zero. */
  readonly stage: "scanner" | "parser";
  readonly problem: string;
}

/** js-yaml's reasons and what go-yaml says of the same texts. */
const rules: readonly Rule[] = [
  { reason: /^tab characters/, stage: "scanner", problem: "found character that cannot start any token" },
  {
    reason: /^unexpected end of the stream within a (single|double) quoted/,
    stage: "scanner",
    problem: "found unexpected end of stream",
  },
  { reason: /^unknown escape sequence/, stage: "scanner", problem: "found unknown escape character" },
  { reason: /^expected ':' after a mapping key/, stage: "scanner", problem: "could not find expected ':'" },
  { reason: /^nesting exceeded maxDepth/, stage: "scanner", problem: "exceeded max depth of 10000" },
  {
    reason: /^unexpected end of the stream within a flow/,
    stage: "parser",
    problem: "did not find expected node content",
  },
  {
    reason: /^end of the stream or a document separator/,
    stage: "parser",
    problem: "did not find expected <document start>",
  },
  { reason: /^bad indentation of a sequence entry/, stage: "parser", problem: "did not find expected '-' indicator" },
  { reason: /^bad indentation of a mapping entry/, stage: "parser", problem: "did not find expected key" },
];

/** What js-yaml threw, in go-yaml's words where they are known. */
export function yamlErrorOf(error: unknown, text: string): YamlError {
  if (error instanceof YamlError) return error;
  if (error instanceof RangeError) return new YamlError("yaml: exceeded max depth of 10000", { cause: error });
  if (!(error instanceof YAMLException)) throw error;
  const { problem, stage } = ruleFor(error, text);
  const line = error.mark?.line ?? 0;
  const where = line === 0 ? "" : `line ${stage === "scanner" ? line + 1 : line}: `;
  return new YamlError(`yaml: ${where}${problem}`, { cause: error });
}

function ruleFor(error: YAMLException, text: string): Omit<Rule, "reason"> {
  if (/^bad indentation of a mapping entry/.test(error.reason)) {
    const at = text[error.mark?.position ?? 0];
    if (at === ":") return { stage: "scanner", problem: "mapping values are not allowed in this context" };
    if (at === "@" || at === "`") return { stage: "scanner", problem: "found character that cannot start any token" };
  }
  return rules.find(({ reason }) => reason.test(error.reason)) ?? { stage: "scanner", problem: error.reason };
}
