import { Quantity } from "../../apimachinery/quantity/quantity.ts";

/** Amounts as plain numbers, so that filters and scores never parse. */
export interface Resources {
  readonly milliCpu: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  /** Extended resources, hugepages and the like, in units. Absent: none. */
  readonly scalars?: ReadonlyMap<string, number> | undefined;
}

export const emptyResources: Resources = Object.freeze({ milliCpu: 0, memoryBytes: 0, ephemeralStorageBytes: 0 });

const maxRemembered = 10_000;
const milli = new Map<string, number>();
const whole = new Map<string, number>();

/** Amounts repeat: most pods of a cluster ask for one of a few. What they parse to never changes. */
function remembered(cache: Map<string, number>, text: string, parse: (quantity: Quantity) => number): number {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const value = parse(Quantity.parse(text));
  if (cache.size >= maxRemembered) cache.clear();
  cache.set(text, value);
  return value;
}

export function milliValue(text: string): number {
  return remembered(milli, text, (quantity) => quantity.milliValue());
}

export function unitValue(text: string): number {
  return remembered(whole, text, (quantity) => quantity.value());
}

/** The amounts of a resource list. `pods` is no amount of a resource but a limit on their number: see `podLimit`. */
export function resourcesOf(list: Readonly<Record<string, string>> | undefined): Resources {
  if (list === undefined) return emptyResources;
  let milliCpu = 0;
  let memoryBytes = 0;
  let ephemeralStorageBytes = 0;
  let scalars: Map<string, number> | undefined;
  for (const name in list) {
    const text = list[name]!;
    if (name === "cpu") milliCpu = milliValue(text);
    else if (name === "memory") memoryBytes = unitValue(text);
    else if (name === "ephemeral-storage") ephemeralStorageBytes = unitValue(text);
    else if (isScalar(name)) {
      scalars ??= new Map();
      scalars.set(name, unitValue(text));
    }
  }
  return { milliCpu, memoryBytes, ephemeralStorageBytes, scalars };
}

/** pkg/scheduler/util IsScalarResourceName: extended, hugepages, in kubernetes.io/, attachable volumes. */
function isScalar(name: string): boolean {
  return name.includes("/") || name.startsWith("hugepages-") || name.startsWith("attachable-volumes-");
}

/** How many pods a node takes; 0 where it does not say. */
export function podLimit(allocatable: Readonly<Record<string, string>> | undefined): number {
  const text = allocatable?.["pods"];
  return text === undefined ? 0 : unitValue(text);
}
