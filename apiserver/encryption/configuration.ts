import { formatFieldErrors } from "../../apimachinery/field/errors.ts";
import { parseDurationMs } from "../../apimachinery/time/duration.ts";
import { validateConfiguration } from "./validation.ts";

/** apiserver.config.k8s.io/v1 EncryptionConfiguration. */
export interface EncryptionConfiguration {
  readonly resources: readonly ResourceConfiguration[];
}
export interface ResourceConfiguration {
  /** `secrets`, `deployments.apps`, `*.apps`, `*.` (the core group), `*.*`. */
  readonly resources: readonly string[];
  /** The first writes, all read. */
  readonly providers: readonly ProviderConfiguration[];
}
/** Exactly one of them. */
export interface ProviderConfiguration {
  readonly aesgcm?: KeysConfiguration;
  readonly aescbc?: KeysConfiguration;
  readonly secretbox?: KeysConfiguration;
  readonly identity?: object;
  readonly kms?: KmsConfiguration;
}
export interface KeysConfiguration {
  readonly keys: readonly { readonly name: string /** Base64. */; readonly secret: string }[];
}
export interface KmsConfiguration {
  readonly apiVersion: string;
  readonly name: string;
  readonly cachesize?: number;
  /** `unix:///path/of/socket` */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

const fields: Readonly<Record<string, readonly string[]>> = {
  configuration: ["apiVersion", "kind", "resources"],
  resource: ["resources", "providers"],
  provider: ["aesgcm", "aescbc", "secretbox", "identity", "kms"],
  keys: ["keys"],
  key: ["name", "secret"],
  kms: ["apiVersion", "name", "cachesize", "endpoint", "timeout"],
};

/**
 * Reads an EncryptionConfiguration's content, parsed as YAML or JSON. Throws for what it does not know, as upstream's strict
 * decoder, and upstream's words for what is wrong with the rest. `reload`: the file will be read again while it is in use.
 */
export function parseEncryptionConfiguration(content: unknown, { reload = false } = {}): EncryptionConfiguration {
  const given = recordOf(content, "", "configuration");
  const { apiVersion, kind } = given;
  if (apiVersion !== "apiserver.config.k8s.io/v1" || kind !== "EncryptionConfiguration") {
    throw new Error(`no kind "${String(kind ?? "")}" is registered for version "${String(apiVersion ?? "")}"`);
  }
  const resources = listOf(given["resources"], "resources").map((one, i) => resourceOf(one, `resources[${i}]`));
  const errors = validateConfiguration({ resources }, reload);
  if (errors.length > 0) throw new Error(formatFieldErrors(errors));
  return { resources };
}

function resourceOf(content: unknown, path: string): ResourceConfiguration {
  const { resources, providers } = recordOf(content, path, "resource");
  return {
    resources: listOf(resources, `${path}.resources`).map((name, i) => textOf(name, `${path}.resources[${i}]`)),
    providers: listOf(providers, `${path}.providers`).map((one, i) => providerOf(one, `${path}.providers[${i}]`)),
  };
}

function providerOf(content: unknown, path: string): ProviderConfiguration {
  const given = recordOf(content, path, "provider");
  const provider: Record<string, unknown> = {};
  for (const name of ["aesgcm", "aescbc", "secretbox"]) {
    if (given[name] != null) provider[name] = keysOf(given[name], `${path}.${name}`);
  }
  if (given["identity"] != null) provider["identity"] = {};
  if (given["kms"] != null) provider["kms"] = kmsOf(given["kms"], `${path}.kms`);
  return provider;
}

function keysOf(content: unknown, path: string): KeysConfiguration {
  const { keys } = recordOf(content, path, "keys");
  return {
    keys: listOf(keys, `${path}.keys`).map((one, i) => {
      const { name, secret } = recordOf(one, `${path}.keys[${i}]`, "key");
      const text = (value: unknown, field: string): string => textOf(value ?? "", `${path}.keys[${i}].${field}`);
      return { name: text(name, "name"), secret: text(secret, "secret") };
    }),
  };
}

function kmsOf(content: unknown, path: string): KmsConfiguration {
  const given = recordOf(content, path, "kms");
  const text = (field: string, missing = ""): string => textOf(given[field] ?? missing, `${path}.${field}`);
  const { cachesize } = given;
  if (cachesize != null && !Number.isInteger(cachesize)) throw new Error(`${path}.cachesize: this is a whole number`);
  const timeout = text("timeout", "3s");
  return {
    apiVersion: text("apiVersion", "v1"),
    name: text("name"),
    endpoint: text("endpoint"),
    timeoutMs: parseDurationMs(timeout),
    ...(cachesize == null ? {} : { cachesize: cachesize as number }),
  };
}

function recordOf(content: unknown, path: string, type: string): Record<string, unknown> {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new Error(`${path === "" ? "the file" : path}: this is an object`);
  }
  const known = fields[type]!;
  const unknown = Object.keys(content).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`strict decoding error: unknown field "${path === "" ? "" : `${path}.`}${unknown}"`);
  }
  return content as Record<string, unknown>;
}

function listOf(content: unknown, path: string): readonly unknown[] {
  if (content == null) return [];
  if (!Array.isArray(content)) throw new Error(`${path}: this is a list`);
  return content;
}

function textOf(content: unknown, path: string): string {
  if (typeof content !== "string") throw new Error(`${path}: this is a string`);
  return content;
}
