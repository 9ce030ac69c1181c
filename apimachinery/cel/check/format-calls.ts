import type { CallExpression, Expression } from "../syntax/ast.ts";
import { type CelType, dynType, type TypeKind } from "../types/type.ts";
import type { Checked } from "./checker.ts";

export interface FormatFlaw {
  /** The expression at fault. */
  readonly id: number;
  readonly message: string;
}

/** What each clause takes, and what is said of other arguments. */
const clauses: Readonly<Record<string, { readonly kinds: readonly TypeKind[]; readonly complaint: string }>> = {
  d: { kinds: ["int", "uint"], complaint: "decimal clause can only be used on integers" },
  f: { kinds: ["double", "string"], complaint: "fixed-point clause can only be used on doubles" },
  e: { kinds: ["double", "string"], complaint: "scientific clause can only be used on doubles" },
  b: { kinds: ["int", "uint", "bool"], complaint: "only integers and bools can be formatted as binary" },
  x: {
    kinds: ["int", "uint", "string", "bytes"],
    complaint: "only integers, byte buffers, and strings can be formatted as hex",
  },
  o: { kinds: ["int", "uint"], complaint: "octal clause can only be used on integers" },
  s: {
    kinds: ["list", "map", "int", "uint", "double", "bool", "string", "timestamp", "bytes", "duration", "type", "null"],
    complaint:
      "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
  },
};

/** A clause of a format: its letter, after a precision if there is one. */
const clausePattern = /%(?:%|(?:\.(\d+))?([\s\S]?))/g;

/**
 * `'…'.format([…])` with both written out: as many arguments as clauses, each of a type that its clause takes.
 * Upstream: cel-go ext/formatting.go, stringFormatValidator.
 */
export function formatFlaw(e: CallExpression, { types }: Checked): FormatFlaw | undefined {
  const [list] = e.args;
  if (e.function !== "format" || e.target?.kind !== "literal" || typeof e.target.value !== "string") return undefined;
  if (e.args.length !== 1 || list?.kind !== "list") return undefined;
  let next = 0;
  for (const [whole, , letter] of e.target.value.matchAll(clausePattern)) {
    if (whole === "%%") continue;
    if (letter === "" || letter === undefined) return { id: e.id, message: "unexpected end of string" };
    const argument = list.items[next];
    if (argument === undefined) return { id: e.id, message: `index ${next} out of range` };
    next++;
    const clause = clauses[letter === "X" ? "x" : letter];
    if (clause === undefined) {
      return { id: e.id, message: `could not parse formatting clause: unrecognized formatting clause "${letter}"` };
    }
    const wrong = mismatched(argument, clause.kinds, types, letter === "s");
    if (wrong !== undefined) {
      const type = types.get(wrong.id) ?? dynType;
      return { id: wrong.id, message: `error during formatting: ${clause.complaint}, was given ${type.name}` };
    }
  }
  if (list.items.length > next) {
    return {
      id: e.id,
      message: `too many arguments supplied to string.format (expected ${next}, got ${list.items.length})`,
    };
  }
  return undefined;
}

/** The part of an argument that its clause does not take; `%s` looks into lists and maps that are written out. */
function mismatched(
  e: Expression,
  kinds: readonly TypeKind[],
  types: ReadonlyMap<number, CelType>,
  deep: boolean,
): Expression | undefined {
  const { kind } = types.get(e.id) ?? dynType;
  if (kind !== "dyn" && !kinds.includes(kind)) return e;
  if (!deep || (e.kind !== "list" && e.kind !== "map")) return undefined;
  const inside = e.kind === "list" ? e.items : e.entries.flatMap(({ key, value }) => [key, value]);
  for (const part of inside) {
    const wrong = mismatched(part, kinds, types, deep);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
