import type { Image } from "../generated/messages.ts";
import { ImageReferenceError, parseNormalizedName, repositoryOf } from "./reference.ts";

/** One name of an image that is here. */
export interface ImageRow {
  /** In full; `<none>` where only a digest is left. */
  readonly repository: string;
  /** `<none>` where it was pulled by its digest. */
  readonly tag: string;
  /** Of its configuration: `sha256:…`. */
  readonly id: string;
  /** Of its manifest: what `IMAGE@…` names. */
  readonly digest?: string;
  readonly sizeBytes: number;
}

const none = "<none>";

/** A row for each name, by repository and tag; one for an image without names. */
export function imageRows(images: readonly Image[]): readonly ImageRow[] {
  const rows = images.flatMap(({ id, repoTags, repoDigests, size }) => {
    const digests = new Map(repoDigests.map((text) => text.split("@") as [string, string]));
    const common = { id, sizeBytes: size };
    if (repoTags.length > 0)
      return repoTags.map((name): ImageRow => {
        const { repository, tag } = parts(name);
        const digest = digests.get(repository) ?? digests.values().next().value;
        return { repository, tag, ...common, ...(digest !== undefined && { digest }) };
      });
    if (digests.size === 0) return [{ repository: none, tag: none, ...common }];
    return [...digests].map(([repository, digest]): ImageRow => ({ repository, tag: none, ...common, digest }));
  });
  return rows.sort((a, b) => compare(a.repository, b.repository) || compare(a.tag, b.tag));
}

/** The rows as people read them, with the columns of `crictl images`. */
export function imageTable(rows: readonly ImageRow[]): string {
  const cells = [
    ["IMAGE", "TAG", "IMAGE ID", "SIZE"],
    ...rows.map(({ repository, tag, id, sizeBytes }) => [repository, tag, shortId(id), sizeText(sizeBytes)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]! + 3) : cell)).join("");
  return `${cells.map(line).join("\n")}\n`;
}

/** In decimal units, of three digits, as Docker's tools print it: `2.1MB`. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}

function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 13);
}

function parts(name: string): { readonly repository: string; readonly tag: string } {
  try {
    const reference = parseNormalizedName(name);
    return { repository: repositoryOf(reference), tag: reference.tag ?? none };
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    return { repository: name, tag: none };
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
