import type { Area } from "../rule.ts";

export const podsContainers: Area = { kinds: [], unreachable: {} };
