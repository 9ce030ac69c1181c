import { createHash } from "node:crypto";
import type { Secret } from "../../../api/core/v1/secret.ts";
import { registryUsers } from "./docker-config.ts";
import { matchesLocation, parseLocation, type RegistryLocation } from "./registry-match.ts";

/** Whose credentials they are. */
export interface SecretCoordinates {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Of what they say: equal for equal credentials. */
  readonly hash: string;
  readonly secret: SecretCoordinates;
}

interface Entry {
  readonly location: RegistryLocation;
  readonly credentials: readonly Credentials[];
}

const defaultRegistry = "index.docker.io";

/** The credentials of pull secrets, by where they may be used (pkg/credentialprovider/keyring.go). */
export interface Keyring {
  /** For a repository in full, `docker.io/library/busybox`: the longest match first, then in the order of the secrets. */
  lookup(repository: string): readonly Credentials[];
}

/** Throws `DockerConfigError` where a secret cannot be read. */
export function createKeyring(secrets: readonly Secret[]): Keyring {
  const byKey = new Map<string, { readonly location: RegistryLocation; readonly credentials: Credentials[] }>();
  for (const secret of secrets) {
    const { uid = "", namespace = "", name = "" } = secret.metadata;
    for (const { location: text, username, password } of registryUsers(secret) ?? []) {
      const location = parseLocation(text);
      if (location === undefined) continue;
      const key = location.host + location.path;
      const entry = byKey.get(key) ?? { location, credentials: [] };
      byKey.set(key, entry);
      entry.credentials.push({
        username,
        password,
        hash: hashOf(username, password),
        secret: { uid, namespace, name },
      });
    }
  }
  // In reverse order a longer path comes before its beginning: quay.io/coreos before quay.io.
  const entries: readonly Entry[] = [...byKey]
    .sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0))
    .map(([, entry]) => entry);
  return {
    lookup(repository) {
      const target = parseLocation(repository);
      if (target === undefined) return [];
      const found = entries.filter(({ location }) => matchesLocation(location, target));
      if (found.length > 0) return found.flatMap(({ credentials }) => credentials);
      return isDefaultRegistry(repository) ? (byKey.get(defaultRegistry)?.credentials ?? []) : [];
    },
  };
}

/** Docker's own credentials are often filed under `https://index.docker.io/v1/`. */
function isDefaultRegistry(repository: string): boolean {
  const [first, ...rest] = repository.split("/");
  if (first === undefined || first === "") return false;
  return rest.length === 0 || first === "docker.io" || first === defaultRegistry || !/[.:]/.test(first);
}

function hashOf(username: string, password: string): string {
  return createHash("sha256")
    .update(JSON.stringify([username, password]))
    .digest("hex");
}
