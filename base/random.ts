/** Chance as an argument: the operating system's in `cmd/`, seeded in tests and simulations. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, bound). */
  below(bound: number): number;
  bytes(length: number): Uint8Array;
  /** RFC 9562 version 4 UUID text. */
  uuid(): string;
  /** `length` characters of Kubernetes' name alphabet (no vowels, no look-alikes: bcdfghjklmnpqrstvwxz2456789). */
  suffix(length: number): string;
}
