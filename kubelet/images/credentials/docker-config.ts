import type { Secret } from "../../../api/core/v1/secret.ts";

/** One user of one registry, as a pull secret has it. */
export interface RegistryUser {
  /** As written: a host, maybe with a port, a scheme, a path, or wildcards. */
  readonly location: string;
  readonly username: string;
  readonly password: string;
}

/** A pull secret that says something else than it should. */
export class DockerConfigError extends Error {
  override readonly name = "DockerConfigError";
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The users in a secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg; undefined for others and empty ones
 * (pkg/credentialprovider/secrets/secrets.go). Throws `DockerConfigError`.
 */
export function registryUsers({ type, data = {} }: Secret): readonly RegistryUser[] | undefined {
  const json = type === "kubernetes.io/dockerconfigjson" ? data[".dockerconfigjson"] : undefined;
  const cfg = type === "kubernetes.io/dockercfg" ? data[".dockercfg"] : undefined;
  if (json) return usersOf(asObject(parse(json)["auths"] ?? {}));
  return cfg ? usersOf(parse(cfg)) : undefined;
}

function usersOf(config: Json): readonly RegistryUser[] {
  return Object.entries(config).map(([location, value]) => {
    const entry = asObject(value);
    const auth = textOf(entry, "auth");
    if (auth !== "") return { location, ...decodeAuth(auth) };
    return { location, username: textOf(entry, "username"), password: textOf(entry, "password") };
  });
}

/** `auth` is base64 of `username:password`, and wins over the two beside it. */
function decodeAuth(auth: string): { readonly username: string; readonly password: string } {
  const text = auth.trim();
  if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(text)) throw new DockerConfigError("illegal base64 data in an auth field");
  const decoded = Buffer.from(text, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 0)
    throw new DockerConfigError("unable to parse auth field, must be formatted as base64(username:password)");
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function parse(base64: string): Json {
  try {
    return asObject(JSON.parse(Buffer.from(base64, "base64").toString("utf8")));
  } catch (cause) {
    if (cause instanceof DockerConfigError) throw cause;
    throw new DockerConfigError(`a pull secret is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function asObject(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DockerConfigError("a pull secret holds something else than objects");
  return value as Json;
}

function textOf(entry: Json, field: string): string {
  const value = entry[field] ?? "";
  if (typeof value !== "string") throw new DockerConfigError(`${field} of a pull secret is not a text`);
  return value;
}
