import type { Area } from "../rule.ts";

export const podsVolumes: Area = { kinds: [], unreachable: {} };
