import type { Area } from "../rule.ts";

export const workloads: Area = { kinds: [], unreachable: {} };
