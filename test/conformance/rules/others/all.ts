import type { Area } from "../rule.ts";

export const others: Area = { kinds: [], unreachable: {} };
