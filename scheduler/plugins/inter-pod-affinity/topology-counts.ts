type Labels = Readonly<Record<string, string>>;

/** Numbers by topology key and value: `{ zone: { a: 2 } }`. What comes to 0 is no longer there. */
export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  get empty(): boolean {
    return this.#counts.size === 0;
  }

  /** Counts on what a node is of this topology; nothing where the node is of none. */
  add(key: string, labels: Labels, by: number): void {
    const value = labels[key];
    if (value === undefined || by === 0) return;
    const values = this.#counts.get(key);
    if (values === undefined) {
      this.#counts.set(key, new Map([[value, by]]));
      return;
    }
    const count = (values.get(value) ?? 0) + by;
    if (count !== 0) values.set(value, count);
    else {
      values.delete(value);
      if (values.size === 0) this.#counts.delete(key);
    }
  }

  of(key: string, value: string): number {
    return this.#counts.get(key)?.get(value) ?? 0;
  }

  /** Over all keys, of a node with these labels. */
  sum(labels: Labels): number {
    let sum = 0;
    for (const [key, values] of this.#counts) {
      const value = labels[key];
      if (value !== undefined) sum += values.get(value) ?? 0;
    }
    return sum;
  }

  /** Whether some key counts above 0 of a node with these labels. */
  touches(labels: Labels): boolean {
    for (const [key, values] of this.#counts) {
      const value = labels[key];
      if (value !== undefined && (values.get(value) ?? 0) > 0) return true;
    }
    return false;
  }
}
