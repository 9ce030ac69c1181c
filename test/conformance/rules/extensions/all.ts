import type { Area } from "../rule.ts";
import { apiService } from "./api-service.ts";
import { flowSchema } from "./flow-schema.ts";
import { priorityLevelConfiguration } from "./priority-level-configuration.ts";

export const extensions: Area = { kinds: [apiService, flowSchema, priorityLevelConfiguration], unreachable: {} };
