import { goQuote } from "../../../../../apimachinery/text/go-quote.ts";
import type { PodSpec, Volume, VolumeProjection } from "../../../../generated/types/core-v1.ts";

/** A file of a volume and which source writes it. */
interface PathAndSource {
  readonly path: string;
  readonly source: string;
}

function text({ path, source }: PathAndSource): string {
  return source === "" ? goQuote(path) : `${goQuote(path)} (${source})`;
}

function overlap(a: PathAndSource, b: PathAndSource): boolean {
  return (
    a.path !== "" && b.path !== "" && (`${a.path}/`.startsWith(`${b.path}/`) || `${b.path}/`.startsWith(`${a.path}/`))
  );
}

/** Files that would be written over one another within one volume (warningsForOverlappingVirtualPaths). */
export function* overlapWarnings({ volumes = [] }: PodSpec): Iterable<string> {
  for (const volume of volumes) {
    const { configMap, secret, downwardAPI, projected } = volume;
    if (configMap?.items !== undefined) {
      yield* overlapsOf(volume, `ConfigMap ${goQuote(configMap.name ?? "")}`, paths(configMap.items, ""));
    }
    if (secret?.items !== undefined) {
      yield* overlapsOf(volume, `Secret ${goQuote(secret.secretName ?? "")}`, paths(secret.items, ""));
    }
    if (downwardAPI?.items !== undefined) yield* overlapsOf(volume, "DownwardAPI", paths(downwardAPI.items, ""));
    if (projected === undefined) continue;
    for (const source of projected.sources ?? []) {
      if (Object.keys(source).length === 0) {
        yield `volume ${goQuote(volume.name)} (Projected) has no sources provided`;
      }
    }
    yield* overlapsOf(volume, "Projected", (projected.sources ?? []).flatMap(projectedPaths));
  }
}

function* overlapsOf(volume: Volume, kind: string, all: readonly PathAndSource[]): Iterable<string> {
  const seen: PathAndSource[] = [];
  for (const { path, source } of all) {
    const one = { path: path.replace(/\/+$/, ""), source };
    for (const other of seen) {
      if (!overlap(one, other)) continue;
      yield `volume ${goQuote(volume.name)} (${kind}): overlapping paths: ${text(one)} with ${text(other)}`;
    }
    seen.push(one);
  }
}

function paths(items: readonly { readonly path?: string }[], source: string): PathAndSource[] {
  return items.map(({ path = "" }) => ({ path, source }));
}

function projectedPaths({ configMap, secret, downwardAPI, serviceAccountToken }: VolumeProjection): PathAndSource[] {
  if (configMap?.items !== undefined) return paths(configMap.items, `ConfigMap ${goQuote(configMap.name ?? "")}`);
  if (secret?.items !== undefined) return paths(secret.items, `Secret ${goQuote(secret.name ?? "")}`);
  if (downwardAPI?.items !== undefined) return paths(downwardAPI.items, "DownwardAPI");
  if (serviceAccountToken === undefined) return [];
  return [{ path: serviceAccountToken.path ?? "", source: "ServiceAccountToken" }];
}
