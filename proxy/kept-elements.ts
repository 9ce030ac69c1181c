import type { Ruleset } from "./ruleset.ts";

/** Elements that packets put into a set, in nft's words, by `family set`. */
export type KeptElements = ReadonlyMap<string, readonly string[]>;

export const nothingKept: KeptElements = new Map();

export function hasTimedSets(ruleset: Ruleset): boolean {
  return ruleset.some(({ sets }) => [...sets.values()].some(({ timeoutSeconds }) => timeoutSeconds !== undefined));
}

interface ListedSet {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly elem?: readonly (string | { readonly elem: { readonly val: string; readonly expires?: number } })[];
}

/**
 * What has to be put back when the ruleset's tables are written anew: which clients stay with which endpoint, and for how
 * long yet. `listing` is what `nft -j list sets` says; what is in it of other tables and sets is left out.
 */
export function keptElements(listing: string, ruleset: Ruleset): KeptElements {
  const { nftables } = JSON.parse(listing) as { readonly nftables: readonly { readonly set?: ListedSet }[] };
  const kept = new Map<string, readonly string[]>();
  for (const { set } of nftables) {
    const table = ruleset.find(({ family, name }) => family === set?.family && name === set.table);
    const timeoutSeconds = set === undefined ? undefined : table?.sets.get(set.name)?.timeoutSeconds;
    if (set === undefined || timeoutSeconds === undefined) continue;
    const elements = (set.elem ?? []).flatMap((element) => {
      if (typeof element === "string" || !element.elem.expires) return [];
      return [`${element.elem.val} timeout ${timeoutSeconds}s expires ${element.elem.expires}s`];
    });
    if (elements.length > 0) kept.set(`${set.family} ${set.name}`, elements);
  }
  return kept;
}
