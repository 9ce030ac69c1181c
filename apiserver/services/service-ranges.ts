import { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts";
import type { ObjectReader } from "../registry/access.ts";
import { AddressRange } from "./address-range.ts";

/** One CIDR that ServiceCIDRs name, one or several of them. */
export interface ServiceRange {
  readonly range: AddressRange;
  /** New addresses are given out of it: one of its ServiceCIDRs is ready and not being deleted. */
  readonly ready: boolean;
}

/** Whether the object says so; without the condition it is: no controller may be running yet. */
export function isReady({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const condition = status?.conditions?.find(({ type }) => type === "Ready");
  return condition === undefined || condition.status === "True";
}

/** The ranges of all ServiceCIDRs, the oldest first, as they are in this very turn (ipallocator/cidrallocator.go). */
export class ServiceRanges {
  readonly #reader: ObjectReader;
  readonly #forgotten: (range: AddressRange) => void;
  /** By their text: the same range stays the same value. */
  readonly #known = new Map<string, AddressRange>();
  #ranges: readonly ServiceRange[] | undefined;

  constructor(reader: ObjectReader, forgotten: (range: AddressRange) => void) {
    this.#reader = reader;
    this.#forgotten = forgotten;
    reader.onChange(ServiceCIDR, () => {
      this.#ranges = undefined;
    });
  }

  of(family: AddressRange["family"]): readonly ServiceRange[] {
    this.#ranges ??= this.#read();
    return this.#ranges.filter(({ range }) => range.family === family);
  }

  /** Whether any ServiceCIDR has the address, ready or not (pkg/api/servicecidr ContainsIP). */
  contains(family: AddressRange["family"], value: bigint): boolean {
    return this.of(family).some(({ range }) => range.has(value));
  }

  #read(): readonly ServiceRange[] {
    const ranges = new Map<string, { range: AddressRange; ready: boolean }>();
    const age = ({ metadata: { creationTimestamp = "", name = "" } }: ServiceCIDR): string =>
      `${creationTimestamp} ${name}`;
    const byAge = [...this.#reader.list(ServiceCIDR)].sort((a, b) => (age(a) < age(b) ? -1 : 1));
    for (const object of byAge) {
      for (const text of object.spec.cidrs ?? []) {
        const range = this.#known.get(text) ?? AddressRange.of(text);
        if (range === undefined) continue;
        this.#known.set(text, range);
        const entry = ranges.get(text) ?? { range, ready: false };
        entry.ready ||= isReady(object);
        ranges.set(text, entry);
      }
    }
    for (const [text, range] of this.#known) {
      if (ranges.has(text)) continue;
      this.#known.delete(text);
      this.#forgotten(range);
    }
    return [...ranges.values()];
  }
}
