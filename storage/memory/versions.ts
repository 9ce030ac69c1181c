import type { Entry } from "../storage.ts";

/** One state of a key: an entry, or the mark that it was deleted at `modRevision`. */
export type Version = Entry | Tombstone;
export interface Tombstone {
  readonly key: string;
  readonly value: undefined;
  readonly modRevision: number;
}

/** The states of one key that are still kept, in order of revision. At least one. */
export class Versions {
  #versions: Version[];

  constructor(first: Version) {
    this.#versions = [first];
  }

  push(version: Version): void {
    this.#versions.push(version);
  }

  get latest(): Entry | undefined {
    return asEntry(this.#versions[this.#versions.length - 1]);
  }

  /** The key's entry as of `revision`. */
  at(revision: number): Entry | undefined {
    for (let i = this.#versions.length - 1; i >= 0; i--) {
      const version = this.#versions[i] as Version;
      if (version.modRevision <= revision) return asEntry(version);
    }
    return undefined;
  }

  /**
   * Drops what no reader at `revision` or above can see. True if nothing is left and the key can be forgotten.
   *
   * Worked example, put@2 put@5 delete@7: at 5 the first goes, at 6 too (a reader at 6 sees put@5), at 7 the second goes and
   * at 8 the mark as well. The mark itself stays at 7, for a watch from 7 still has to see it.
   */
  compact(revision: number): boolean {
    let kept = 0;
    while (kept + 1 < this.#versions.length && (this.#versions[kept + 1] as Version).modRevision <= revision) kept++;
    const oldest = this.#versions[kept] as Version;
    if (oldest.value === undefined && oldest.modRevision < revision) kept++;
    if (kept > 0) this.#versions = this.#versions.slice(kept);
    return this.#versions.length === 0;
  }
}

function asEntry(version: Version | undefined): Entry | undefined {
  return version?.value === undefined ? undefined : version;
}
