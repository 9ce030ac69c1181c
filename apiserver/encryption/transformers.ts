import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import { aesCbc } from "../../storage/encrypted/aes-cbc.ts";
import { aesGcm } from "../../storage/encrypted/aes-gcm.ts";
import { identity } from "../../storage/encrypted/identity.ts";
import { envelope } from "../../storage/encrypted/kms/envelope.ts";
import { KeySource } from "../../storage/encrypted/kms/key-source.ts";
import { type KeyManagementPlugin, keyManagementPlugin } from "../../storage/encrypted/kms/plugin.ts";
import { secretbox } from "../../storage/encrypted/secretbox.ts";
import {
  type PrefixedTransformer,
  prefixTransformers,
  type ValueTransformer,
} from "../../storage/encrypted/value-transformer.ts";
import type {
  EncryptionConfiguration,
  KeysConfiguration,
  KmsConfiguration,
  ProviderConfiguration,
} from "./configuration.ts";
import { type GroupResource, groupResourceText, parseGroupResource } from "./group-resource.ts";

export interface TransformerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Transformers {
  /** How objects of a resource are stored; undefined: as they are. */
  of(resource: GroupResource): ValueTransformer | undefined;
  readonly keySources: readonly KeySource[];
  /** What all key management plugins together may take to answer. */
  readonly timeoutMs: number;
  close(): void;
}

/** What an EncryptionConfiguration asks for. Throws where part of it would never be used, in upstream's words. */
export function transformersOf({ resources }: EncryptionConfiguration, options: TransformerOptions): Transformers {
  const keySources: KeySource[] = [];
  const plugins: KeyManagementPlugin[] = [];
  let pluginsTimeoutMs = 0;
  const addKms = (kms: KmsConfiguration): PrefixedTransformer => {
    if (kms.apiVersion === "v1") throw new Error(kmsV1Removed);
    const { endpoint, timeoutMs, name } = kms;
    const plugin = keyManagementPlugin({ endpoint, timeoutMs, ...options });
    const source = new KeySource({ name, plugin, ...options });
    plugins.push(plugin);
    pluginsTimeoutMs += timeoutMs;
    keySources.push(source);
    return { prefix: `k8s:enc:kms:v2:${name}:`, transformer: envelope(source, plugin, options.random) };
  };
  const chosen = new Map<string, PrefixedTransformer[]>();
  for (const { resources: names, providers } of resources) {
    const transformers = providers.map((provider) => prefixed(provider, options.random, addKms));
    for (const name of names) {
      const { group } = parseGroupResource(name);
      const earlier = [`*.${group}`, "*.*"].find((pattern) => chosen.has(pattern) && !names.includes(pattern));
      if (earlier !== undefined) throw new Error(`resource "${name}" is masked by earlier rule "${earlier}"`);
      chosen.set(name, [...(chosen.get(name) ?? []), ...transformers]);
    }
  }
  const made = new Map([...chosen].map(([name, list]) => [name, prefixTransformers(list, "no matching prefix found")]));
  return {
    of: (resource) => made.get(groupResourceText(resource)) ?? made.get(`*.${resource.group}`) ?? made.get("*.*"),
    keySources,
    timeoutMs: pluginsTimeoutMs,
    close() {
      for (const plugin of plugins) plugin.close();
    },
  };
}

const kmsV1Removed =
  "KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead: apiVersion: v2";

function prefixed(
  provider: ProviderConfiguration,
  random: Random,
  addKms: (kms: KmsConfiguration) => PrefixedTransformer,
): PrefixedTransformer {
  const { aesgcm, aescbc, secretbox: box, kms } = provider;
  if (aesgcm !== undefined) return ofKeys("aesgcm", aesgcm, (key) => aesGcm(key, random));
  if (aescbc !== undefined) return ofKeys("aescbc", aescbc, (key) => aesCbc(key, random));
  if (box !== undefined) return ofKeys("secretbox", box, (key) => secretbox(key, random));
  return kms === undefined ? { prefix: "", transformer: identity } : addKms(kms);
}

function ofKeys(
  kind: "aesgcm" | "aescbc" | "secretbox",
  { keys }: KeysConfiguration,
  make: (key: Uint8Array) => ValueTransformer,
): PrefixedTransformer {
  const choices = keys.map(({ name, secret }) => ({
    prefix: `${name}:`,
    transformer: make(Buffer.from(secret, "base64")),
  }));
  const provider = kind === "secretbox" ? "Secretbox" : "AES";
  const noneMatches = `no matching key was found for the provided ${provider} transformer`;
  return { prefix: `k8s:enc:${kind}:v1:`, transformer: prefixTransformers(choices, noneMatches) };
}
