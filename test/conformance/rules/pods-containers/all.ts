import type { Area } from "../rule.ts";
import { containers } from "./containers.ts";
import { env } from "./env.ts";
import { volumeMounts } from "./mounts.ts";
import { containerPorts, templatePorts } from "./ports.ts";
import { probes } from "./probes.ts";
import { restart } from "./restart.ts";

export const podsContainers: Area = {
  kinds: [containers, containerPorts, templatePorts, probes, restart, env, volumeMounts],
  unreachable: {},
};
