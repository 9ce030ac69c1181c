import type { ContainerPort } from "../../api/generated/types/core-v1.ts";

/** A port by number or by the container's name for it. Throws upstream's words (pkg/probe ResolveContainerPort). */
export function resolveContainerPort(port: number | string, ports: readonly ContainerPort[] = []): number {
  const number =
    typeof port === "number" ? port : (ports.find(({ name }) => name === port)?.containerPort ?? parse(port));
  if (number > 0 && number < 65_536) return number;
  throw new Error(`invalid port number: ${number}`);
}

function parse(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
