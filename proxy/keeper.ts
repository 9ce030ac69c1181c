import { diff, renderFull } from "./diff.ts";
import { hasTimedSets, type KeptElements, keptElements, nothingKept } from "./kept-elements.ts";
import type { Nft } from "./nft.ts";
import type { Chain, Ruleset, Table } from "./ruleset.ts";

const emptyChain: Chain = { rules: [] };
/** Before Linux 6.2 a chain counts as in use for a moment after the last element that named it has gone. */
export const retirementMs = 5_000;

/** When each chain was emptied that is to be deleted, by `family chain`. */
export type Retired = ReadonlyMap<string, number>;

/**
 * What is to stand in the kernel next: `wanted`, and chains that it no longer has, emptied, until they may be deleted.
 *
 * Example: at 0 `wanted` has lost chain a: target has a without rules, retired says {"ip a": 0}. At 2,000 the same. At 5,000
 * target has no a, nor has retired.
 */
export function withRetired(
  applied: Ruleset,
  wanted: Ruleset,
  { retired, nowMs }: { readonly retired: Retired; readonly nowMs: number },
): { readonly target: Ruleset; readonly retired: Retired } {
  const still = new Map<string, number>();
  const target = wanted.map((table): Table => {
    const before = applied.find(({ family }) => family === table.family);
    const leftover: string[] = [];
    for (const name of before?.chains.keys() ?? []) {
      if (table.chains.has(name)) continue;
      const key = `${table.family} ${name}`;
      const sinceMs = retired.get(key) ?? nowMs;
      if (nowMs - sinceMs >= retirementMs) continue;
      still.set(key, sinceMs);
      leftover.push(name);
    }
    if (leftover.length === 0) return table;
    const chains = new Map(table.chains);
    for (const name of leftover) chains.set(name, emptyChain);
    return { ...table, chains };
  });
  return { target, retired: still };
}

export type SyncKind = "none" | "partial" | "full";

/** Keeps the kernel's tables equal to the ruleset last given. Calls of `sync` must not overlap. */
export class RulesetKeeper {
  readonly #nft: Nft;
  /** What the kernel has; undefined where that is not known. */
  #applied: Ruleset | undefined;
  #retired: Retired = new Map();
  #forgets = false;

  constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** Emptied chains wait to be deleted: sync again after `retirementMs`. */
  get hasRetired(): boolean {
    return this.#retired.size > 0;
  }

  /** The kernel's tables may have become anything: the next sync writes all of them. */
  distrust(): void {
    this.#applied = undefined;
  }

  /** Rejects with NftError where the kernel refuses; the next call then writes everything. */
  async sync(wanted: Ruleset, nowMs: number): Promise<SyncKind> {
    if (this.#applied === undefined) {
      await this.#nft.apply(renderFull(wanted, await this.#kept(wanted)));
      this.#remember(wanted, new Map());
      return "full";
    }
    const { target, retired } = withRetired(this.#applied, wanted, { retired: this.#retired, nowMs });
    const script = diff(this.#applied, target);
    if (script !== "") {
      this.#applied = undefined;
      await this.#nft.apply(script);
    }
    this.#remember(target, retired);
    return script === "" ? "none" : "partial";
  }

  /** Clients stay with their endpoints over a new start and a repair, as far as the kernel still knows them. */
  async #kept(wanted: Ruleset): Promise<KeptElements> {
    if (!hasTimedSets(wanted) || this.#forgets) return nothingKept;
    // Should they be what the kernel refuses, the next attempt does without them.
    this.#forgets = true;
    return keptElements(await this.#nft.listSets(), wanted);
  }

  #remember(applied: Ruleset, retired: Retired): void {
    this.#applied = applied;
    this.#retired = retired;
    this.#forgets = false;
  }
}
