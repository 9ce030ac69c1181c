import { forbidden, invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type {
  ConfigMapProjection,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from "../../../../generated/types/core-v1.ts";
import type { Check } from "./check.ts";
import { validateNonReservedPath } from "./paths.ts";
import { checkFileMode } from "./volume-checks.ts";
import { validateDownwardFile, validateItems } from "./volume-files.ts";

const kinds = [
  "secret",
  "configMap",
  "downwardAPI",
  "serviceAccountToken",
  "clusterTrustBundle",
  "podCertificate",
] as const;

/** The volume's place and the paths its sources have taken so far. */
interface Projection {
  readonly place: Path;
  readonly taken: Set<string>;
}

function take(check: Check, projection: Projection, path: string, shown: string): void {
  if (path === "") return;
  if (projection.taken.has(path)) check.errors.push(invalid(projection.place, shown, "conflicting duplicate paths"));
  else projection.taken.add(path);
}

/**
 * Sources of v1.36's alpha and disabled beta features (trust bundles, pod certificates) were dropped before: only their
 * number counts (validateProjectedVolumeSource).
 */
export function validateProjected(check: Check, { projected }: Volume, place: Path): void {
  checkFileMode(check, place.child("defaultMode"), projected?.defaultMode);
  const projection: Projection = { place, taken: new Set() };
  projected?.sources?.forEach((source, i) => {
    const at = place.child("sources").index(i);
    if (source.secret !== undefined) validateKeys(check, source.secret, { ...projection, at: at.child("secret") });
    if (source.configMap !== undefined) {
      validateKeys(check, source.configMap, { ...projection, at: at.child("configMap") });
    }
    validateDownward(check, source, { ...projection, at: at.child("downwardAPI") });
    if (source.serviceAccountToken !== undefined) {
      validateToken(check, source.serviceAccountToken, { ...projection, at: at.child("serviceAccountToken") });
    }
    if (kinds.filter((kind) => source[kind] !== undefined).length > 1) {
      check.errors.push(forbidden(at, "may not specify more than 1 volume type per source"));
    }
  });
}

interface PlacedProjection extends Projection {
  readonly at: Path;
}

function validateKeys(check: Check, source: ConfigMapProjection, projection: PlacedProjection): void {
  const name = source.name ?? "";
  if (name === "") check.errors.push(required(projection.at.child("name")));
  validateItems(check, source.items, projection.at.child("items"));
  for (const { path = "" } of source.items ?? []) take(check, projection, path, name);
}

function validateDownward(check: Check, { downwardAPI }: VolumeProjection, projection: PlacedProjection): void {
  for (const file of downwardAPI?.items ?? []) {
    validateDownwardFile(check, file, projection.at);
    take(check, projection, file.path ?? "", file.path ?? "");
  }
}

function validateToken(check: Check, token: ServiceAccountTokenProjection, { place, at }: PlacedProjection): void {
  const seconds = token.expirationSeconds ?? 0;
  const bad = (detail: string) => check.errors.push(invalid(at.child("expirationSeconds"), seconds, detail));
  if (seconds < 600) bad("may not specify a duration less than 10 minutes");
  if (seconds > 2 ** 32) bad("may not specify a duration larger than 2^32 seconds");
  if (!token.path) check.errors.push(required(place.child("path")));
  else validateNonReservedPath(check, token.path, place.child("path"));
}
