import { readFile } from "node:fs/promises";
import { builtInResources } from "../../api/mod.ts";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import {
  type EncryptionConfiguration,
  parseEncryptionConfiguration,
} from "../../apiserver/encryption/configuration.ts";
import { resourceOfKey } from "../../apiserver/encryption/resource-of-key.ts";
import { type Transformers, transformersOf } from "../../apiserver/encryption/transformers.ts";
import type { HealthCheck } from "../../apiserver/handlers/paths.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import { type Logger, realClock, realRandom } from "../../base/mod.ts";
import { EncryptedStorage } from "../../storage/encrypted/encrypted-storage.ts";
import type { KeySource } from "../../storage/encrypted/kms/key-source.ts";
import type { Storage } from "../../storage/storage.ts";
import { CommandError } from "../command-error.ts";
import type { FollowedFiles } from "./reload/followed-files.ts";
import { reloadMetrics } from "./reload/reload-metrics.ts";

/** How often a key management plugin that does not answer is asked before the server is ready. */
const askAgainMs = 1_000;
/** How long those of another configuration may take to answer at least (encryptionconfig/controller), and how often they are asked. */
const minGraceMs = 10_000;
const pollMs = 100;

export interface EncryptionOptions {
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Of this server among several. */
  readonly serverId: string;
  /** The file is read again whenever it changes. */
  readonly reload: boolean;
  /** Nothing is asked of key management plugins afterwards. */
  readonly signal: AbortSignal;
}

export interface Encryption {
  /** The same store, with what is to be encrypted encrypted. */
  over(storage: Storage): Storage;
  readonly checks: readonly HealthCheck[];
  readonly followed?: FollowedFiles;
}

/**
 * What the file of `--encryption-provider-config` asks for; nothing where there is none. Waits for key management plugins,
 * without which nothing that they have encrypted can be read, until `signal` aborts.
 */
export async function openEncryption(file: string | undefined, options: EncryptionOptions): Promise<Encryption> {
  const { logger, metrics, serverId, reload, signal } = options;
  if (file === undefined) {
    if (!reload) return { over: (storage) => storage, checks: [] };
    throw new CommandError(
      "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config",
    );
  }
  const { content, made } = await readTransformers(file, options);
  let inUse = new RunningTransformers(made, signal);
  await inUse.untilWell(signal, askAgainMs).catch(() => {}); // Rejects where it is told to end.
  inUse.run();
  const resourceOf = resourceOfKey(builtInResources);
  const stores: EncryptedStorage[] = [];
  const failures = (): string | undefined => inUse.failures.join(", ") || undefined;
  const encryption: Encryption = {
    over(storage) {
      const store = new EncryptedStorage(storage, (key) => {
        const resource = resourceOf(key);
        return resource === undefined ? undefined : inUse.transformers.of(resource);
      });
      stores.push(store);
      return store;
    },
    checks: reload || made.keySources.length > 0 ? [{ name: "kms-providers", check: failures }] : [],
  };
  const onOutcome = reloadMetrics(metrics, "encryption", { clock: realClock, serverId, content });
  if (!reload) return encryption;
  const followed: FollowedFiles = {
    what: "encryption config",
    files: [file],
    contents: [content],
    onOutcome,
    async apply([text = ""]) {
      const next = new RunningTransformers(transformersOf(configurationOf(text, true), partsOf(logger)), signal);
      await next.untilWell(AbortSignal.any([signal, next.lateSignal()]), pollMs).catch(() => {
        next.end();
        throw new Error(
          `health check for new transformers failed, polling error context deadline exceeded: ${next.failures}`,
        );
      });
      next.run();
      const former = inUse;
      inUse = next;
      for (const store of stores) store.transformersChanged();
      realClock.setTimer(former.graceMs, () => former.end()).unref();
      return "applied";
    },
  };
  const started = { name: "poststarthook/start-encryption-provider-config-automatic-reload", check: () => undefined };
  return { ...encryption, checks: [...encryption.checks, started], followed };
}

/** What one content of the file asks for, with those who keep its keys. */
class RunningTransformers {
  readonly transformers: Transformers;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;

  constructor(transformers: Transformers, signal: AbortSignal) {
    this.transformers = transformers;
    this.#signal = AbortSignal.any([signal, this.#ended.signal]);
    this.#signal.addEventListener("abort", () => transformers.close(), { once: true });
  }

  get #sources(): readonly KeySource[] {
    return this.transformers.keySources;
  }

  get failures(): readonly string[] {
    return this.#sources.flatMap(({ failure }) => (failure === undefined ? [] : [failure.message]));
  }

  /** Twice the time that all plugins together may take to answer. */
  get graceMs(): number {
    return 2 * this.transformers.timeoutMs;
  }

  /** Aborts once plugins have had their time. */
  lateSignal(): AbortSignal {
    const late = new AbortController();
    realClock.setTimer(Math.max(minGraceMs, this.graceMs), () => late.abort()).unref();
    return late.signal;
  }

  /** Asks those who keep the keys until they are well; rejects once `signal` aborts. */
  async untilWell(signal: AbortSignal, everyMs: number): Promise<void> {
    for (const source of this.#sources) {
      await source.check();
      while (source.failure !== undefined) {
        await realClock.sleep(everyMs, signal);
        await source.check();
      }
    }
  }

  run(): void {
    for (const source of this.#sources) void source.run(this.#signal);
  }

  end(): void {
    this.#ended.abort();
  }
}

const partsOf = (logger: Logger) => ({ clock: realClock, random: realRandom, logger });

function configurationOf(text: string, reload: boolean): EncryptionConfiguration {
  return parseEncryptionConfiguration(parseYaml(text).value, { reload });
}

async function readTransformers(
  file: string,
  { logger, reload }: EncryptionOptions,
): Promise<{ readonly content: string; readonly made: Transformers }> {
  try {
    const content = await readFile(file, "utf8");
    return { content, made: transformersOf(configurationOf(content, reload), partsOf(logger)) };
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(`--encryption-provider-config ${file} cannot be used: ${message}`, { cause: error });
  }
}
