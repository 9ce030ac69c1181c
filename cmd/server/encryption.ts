import { readFile } from "node:fs/promises";
import { builtInResources } from "../../api/mod.ts";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { parseEncryptionConfiguration } from "../../apiserver/encryption/configuration.ts";
import { resourceOfKey } from "../../apiserver/encryption/resource-of-key.ts";
import { type Transformers, transformersOf } from "../../apiserver/encryption/transformers.ts";
import type { HealthCheck } from "../../apiserver/handlers/paths.ts";
import { type Logger, realClock, realRandom } from "../../base/mod.ts";
import { EncryptedStorage } from "../../storage/encrypted/encrypted-storage.ts";
import type { KeySource } from "../../storage/encrypted/kms/key-source.ts";
import type { ValueTransformer } from "../../storage/encrypted/value-transformer.ts";
import type { Storage } from "../../storage/storage.ts";
import { CommandError } from "../command-error.ts";

/** How often a key management plugin that does not answer is asked before the server is ready. */
const askAgainMs = 1_000;

export interface EncryptionOptions {
  readonly logger: Logger;
  /** Nothing is asked of key management plugins afterwards. */
  readonly signal: AbortSignal;
}

export interface Encryption {
  /** The same store, with what is to be encrypted encrypted. */
  over(storage: Storage): Storage;
  readonly checks: readonly HealthCheck[];
}

/**
 * What the file of `--encryption-provider-config` asks for; nothing where there is none. Waits for key management plugins,
 * without which nothing that they have encrypted can be read, until `signal` aborts.
 */
export async function openEncryption(
  file: string | undefined,
  { logger, signal }: EncryptionOptions,
): Promise<Encryption> {
  if (file === undefined) return { over: (storage) => storage, checks: [] };
  const transformers = await readTransformers(file, logger);
  signal.addEventListener("abort", () => transformers.close(), { once: true });
  for (const source of transformers.keySources) {
    await source.check();
    while (source.failure !== undefined && !signal.aborted) {
      await realClock.sleep(askAgainMs, signal).catch(() => {}); // The condition above is what ends this.
      await source.check();
    }
    void source.run(signal);
  }
  return {
    over: (storage) => new EncryptedStorage(storage, transformerOfKey(transformers)),
    checks: checksOf(transformers.keySources),
  };
}

function transformerOfKey(transformers: Transformers): (key: string) => ValueTransformer | undefined {
  const resourceOf = resourceOfKey(builtInResources);
  return (key) => {
    const resource = resourceOf(key);
    return resource === undefined ? undefined : transformers.of(resource);
  };
}

function checksOf(sources: readonly KeySource[]): readonly HealthCheck[] {
  if (sources.length === 0) return [];
  const failures = () => sources.flatMap(({ failure }) => (failure === undefined ? [] : [failure.message]));
  return [{ name: "kms-providers", check: () => failures().join(", ") || undefined }];
}

async function readTransformers(file: string, logger: Logger): Promise<Transformers> {
  try {
    const configuration = parseEncryptionConfiguration(parseYaml(await readFile(file, "utf8")).value);
    return transformersOf(configuration, { clock: realClock, random: realRandom, logger });
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(`--encryption-provider-config ${file} cannot be used: ${message}`, { cause: error });
  }
}
