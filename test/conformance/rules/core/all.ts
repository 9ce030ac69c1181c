import type { Area } from "../rule.ts";
import { configMap } from "./config-map.ts";

export const core: Area = { kinds: [configMap], unreachable: {} };
