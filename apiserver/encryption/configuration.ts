import { formatFieldErrors } from "../../apimachinery/field/errors.ts";
import { each, readConfiguration, type Shaped, texts } from "../configuration/shaped.ts";
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
    shape: { resources: [{ resources: texts, providers: [providerShape] }] },
  });
  const resources = (file.resources ?? []).map(({ resources: names = [], providers = [] }) => ({
    resources: names,
    providers: providers.map(providerOf),
  }));
  const errors = validateConfiguration({ resources }, reload);
  if (errors.length > 0) throw new Error(formatFieldErrors(errors));
  return { resources };
}

const keys = { keys: [each("text", "name", "secret")] } as const;
const providerShape = {
  ...each(keys, "aesgcm", "aescbc", "secretbox"),
  identity: {},
  kms: { ...each("text", "apiVersion", "name", "endpoint"), cachesize: "integer", timeout: "duration" },
} as const;
type GivenProvider = Shaped<typeof providerShape>;

function providerOf({ aesgcm, aescbc, secretbox, identity, kms }: GivenProvider): ProviderConfiguration {
  return {
    ...(aesgcm && { aesgcm: keysOf(aesgcm) }),
    ...(aescbc && { aescbc: keysOf(aescbc) }),
    ...(secretbox && { secretbox: keysOf(secretbox) }),
    ...(identity && { identity }),
    ...(kms && { kms: kmsOf(kms) }),
  };
}

function keysOf({ keys: given = [] }: Shaped<typeof keys>): KeysConfiguration {
  return { keys: given.map((key) => ({ name: "", secret: "", ...key })) };
}

function kmsOf({ timeout = 3_000, ...given }: NonNullable<GivenProvider["kms"]>): KmsConfiguration {
  return { apiVersion: "v1", name: "", endpoint: "", timeoutMs: timeout, ...given };
}
