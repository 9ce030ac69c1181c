export { buildRuleset } from "./build.ts";
export { type Conntrack, createConntrack } from "./conntrack.ts";
export { diff, renderFull } from "./diff.ts";
export { createNft, type Nft, NftError, type NftOptions } from "./nft.ts";
export { defaultMasqueradeMark, defaultTableName, type NodeFacts } from "./node-facts.ts";
export type { Ruleset, Table } from "./ruleset.ts";
export { type ProxyOptions, removeRules, runProxy } from "./run.ts";
