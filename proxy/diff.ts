import { type KeptElements, nothingKept } from "./kept-elements.ts";
import type { Chain, NftSet, Ruleset, Table } from "./ruleset.ts";

/**
 * The nft commands that replace whatever is in the tables by the ruleset, as one transaction: packets meet either the old
 * rules or the new ones. `kept` goes back into the sets that packets fill.
 */
export function renderFull(ruleset: Ruleset, kept: KeptElements = nothingKept): string {
  return lines(
    ruleset.flatMap((table) => [
      ...cleared(table),
      ...changes(emptyOf(table), table),
      ...[...kept].flatMap(([key, elements]) => {
        const [family, set] = key.split(" ");
        return family === table.family ? [`add element ${nameOf(table)} ${set} { ${elements.join(", ")} }`] : [];
      }),
    ]),
  );
}

/** The commands that remove the tables, there or not. */
export function renderRemoval(tables: readonly Pick<Table, "family" | "name">[]): string {
  return lines(tables.flatMap((table) => [`add table ${nameOf(table)}`, `delete table ${nameOf(table)}`]));
}

/**
 * The fewest commands that make `old` into `next`; "" where they are equal.
 *
 * Law: applying `renderFull(old)` and then `diff(old, next)` leaves what `renderFull(next)` leaves, but for elements that
 * packets put into sets with a timeout: those stay.
 */
export function diff(old: Ruleset, next: Ruleset): string {
  const commands: string[] = [];
  for (const table of next) {
    const before = old.find((other) => sameTable(other, table));
    if (before === undefined || !canBecome(before, table))
      commands.push(...cleared(table), ...changes(emptyOf(table), table));
    else commands.push(...changes(before, table));
  }
  for (const table of old)
    if (!next.some((other) => sameTable(other, table))) commands.push(`delete table ${nameOf(table)}`);
  return lines(commands);
}

function cleared(table: Table): readonly string[] {
  return [`add table ${nameOf(table)}`, `delete table ${nameOf(table)}`, `add table ${nameOf(table)}`];
}

function emptyOf({ family, name }: Table): Table {
  return { family, name, chains: new Map(), sets: new Map() };
}

/** Hooks and types cannot be changed in place. */
function canBecome(old: Table, next: Table): boolean {
  for (const [name, chain] of next.chains) {
    const before = old.chains.get(name);
    if (before !== undefined && before.hook !== chain.hook) return false;
  }
  for (const [name, set] of next.sets) {
    const before = old.sets.get(name);
    if (before !== undefined && (before.type !== set.type || before.timeoutSeconds !== set.timeoutSeconds))
      return false;
  }
  return true;
}

/** Everything is declared before it is named, and nothing is deleted before the last thing that names it. */
function changes(old: Table, next: Table): readonly string[] {
  const table = nameOf(next);
  const declared: string[] = [];
  const flushed: string[] = [];
  const filled: string[] = [];
  const deleted: string[] = [];
  const elements = { gone: [] as string[], new: [] as string[] };
  for (const [name, set] of next.sets) {
    const before = old.sets.get(name);
    if (before === set) continue;
    if (before === undefined) declared.push(declaration(table, name, set));
    addElementChanges(elements, { table, name, old: before, next: set });
  }
  for (const [name, chain] of next.chains) {
    const before = old.chains.get(name);
    if (before === chain || (before !== undefined && sameRules(before.rules, chain.rules))) continue;
    if (before === undefined) declared.push(`add chain ${table} ${name}${hookText(chain)}`);
    else if (before.rules.length > 0) flushed.push(`flush chain ${table} ${name}`);
    for (const rule of chain.rules) filled.push(`add rule ${table} ${name} ${rule}`);
  }
  for (const [name, chain] of old.chains) {
    if (next.chains.has(name)) continue;
    if (chain.rules.length > 0) flushed.push(`flush chain ${table} ${name}`);
    deleted.push(`delete chain ${table} ${name}`);
  }
  for (const name of old.sets.keys()) if (!next.sets.has(name)) deleted.push(`delete set ${table} ${name}`);
  return [...declared, ...flushed, ...elements.gone, ...filled, ...elements.new, ...deleted];
}

interface SetChange {
  readonly table: string;
  readonly name: string;
  readonly old: NftSet | undefined;
  readonly next: NftSet;
}

function addElementChanges(into: { gone: string[]; new: string[] }, { table, name, old, next }: SetChange): void {
  const gone: string[] = [];
  const fresh: string[] = [];
  for (const [key, value] of next.elements) {
    const before = old?.elements.get(key);
    if (before === value) continue;
    // nft refuses another value for a key that is there.
    if (before !== undefined) gone.push(key);
    fresh.push(value === "" ? key : `${key} : ${value}`);
  }
  for (const key of old?.elements.keys() ?? []) if (!next.elements.has(key)) gone.push(key);
  if (gone.length > 0) into.gone.push(`delete element ${table} ${name} { ${gone.join(", ")} }`);
  if (fresh.length > 0) into.new.push(`add element ${table} ${name} { ${fresh.join(", ")} }`);
}

function declaration(table: string, name: string, { type, timeoutSeconds }: NftSet): string {
  const flags = timeoutSeconds === undefined ? "" : ` flags dynamic,timeout; timeout ${timeoutSeconds}s;`;
  return `add ${type.includes(":") ? "map" : "set"} ${table} ${name} { type ${type};${flags} }`;
}

function hookText({ hook }: Chain): string {
  return hook === undefined ? "" : ` { ${hook}; }`;
}

function sameRules(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((rule, i) => rule === b[i]);
}

function sameTable(a: Table, b: Table): boolean {
  return a.family === b.family && a.name === b.name;
}

function nameOf({ family, name }: Pick<Table, "family" | "name">): string {
  return `${family} ${name}`;
}

function lines(commands: readonly string[]): string {
  return commands.length === 0 ? "" : `${commands.join("\n")}\n`;
}
