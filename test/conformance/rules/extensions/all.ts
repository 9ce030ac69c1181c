import type { Area } from "../rule.ts";

export const extensions: Area = { kinds: [], unreachable: {} };
