import { formatFieldErrors } from "../../apimachinery/field/errors.ts";
import { type Fields, readConfiguration } from "../configuration/read-fields.ts";
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

/**
 * Reads an EncryptionConfiguration's content, parsed as YAML or JSON. Throws for what it does not know, and upstream's words
 * for what is wrong with the rest. `reload`: the file will be read again while it is in use.
 */
export function parseEncryptionConfiguration(content: unknown, { reload = false } = {}): EncryptionConfiguration {
  const file = readConfiguration(content, {
    kind: "EncryptionConfiguration",
    versions: ["v1"],
    known: ["resources"],
  });
  const resources = file.parts("resources", ["resources", "providers"]).map((one) => ({
    resources: one.texts("resources"),
    providers: one.parts("providers", ["aesgcm", "aescbc", "secretbox", "identity", "kms"]).map(providerOf),
  }));
  const errors = validateConfiguration({ resources }, reload);
  if (errors.length > 0) throw new Error(formatFieldErrors(errors));
  return { resources };
}

function providerOf(given: Fields): ProviderConfiguration {
  const provider: Record<string, unknown> = {};
  for (const name of ["aesgcm", "aescbc", "secretbox"]) {
    const keys = given.part(name, ["keys"])?.parts("keys", ["name", "secret"]);
    if (keys !== undefined) {
      provider[name] = { keys: keys.map((key) => ({ name: key.text("name"), secret: key.text("secret") })) };
    }
  }
  if (given.part("identity", []) !== undefined) provider["identity"] = {};
  const kms = given.part("kms", ["apiVersion", "name", "cachesize", "endpoint", "timeout"]);
  if (kms !== undefined) provider["kms"] = kmsOf(kms);
  return provider;
}

function kmsOf(given: Fields): KmsConfiguration {
  const cachesize = given.integer("cachesize");
  return {
    apiVersion: given.optionalText("apiVersion") ?? "v1",
    name: given.text("name"),
    endpoint: given.text("endpoint"),
    timeoutMs: given.durationMs("timeout") ?? 3_000,
    ...(cachesize === undefined ? {} : { cachesize }),
  };
}
