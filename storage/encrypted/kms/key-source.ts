import type { Clock, Logger, Random } from "../../../base/mod.ts";
import { derivedKeyGcm } from "../aes-gcm.ts";
import type { ValueTransformer } from "../value-transformer.ts";
import { dekSource, type EncryptedObject, type StatusResponse } from "./messages.ts";
import type { KeyManagementPlugin } from "./plugin.ts";
import { checkEncryptedObject, checkKeyId } from "./rules.ts";

/** As upstream's: how often the plugin is asked while it is well, while it is not, and how long writes go on meanwhile. */
const healthyIntervalMs = 60_000;
const unhealthyIntervalMs = 10_000;
const writeMaxAgeMs = 3 * 60_000;

/** The seed that values are encrypted with now, and how it is told in the store. */
export interface WriteKey {
  readonly transformer: ValueTransformer;
  readonly source: Omit<EncryptedObject, "encryptedData">;
  /** On the monotonic clock: later it writes no more. */
  readonly usableUntilMs: number;
}

export interface KeySourceOptions {
  readonly name: string;
  readonly plugin: KeyManagementPlugin;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Asks a plugin time and again which key it uses, and has a new seed encrypted by it whenever that is another one (upstream:
 * apiserver/pkg/server/options/encryptionconfig, kmsv2PluginProbe). While the plugin fails, the last seed is used on for
 * three minutes; reading goes on for ever.
 */
export class KeySource {
  readonly name: string;
  readonly #options: KeySourceOptions;
  #key: WriteKey | undefined;
  #version = "";
  #failure: Error | undefined = new Error("the plugin has not been asked yet");

  constructor(options: KeySourceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Why the plugin cannot be used now; undefined where it can. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The key of the last write, whether it still writes or not. */
  get latest(): WriteKey | undefined {
    return this.#key;
  }

  /** Throws where there is no key that may write now. */
  writeKey(): WriteKey {
    if (this.#key === undefined) throw this.#failure ?? new Error("there is no key");
    if (this.#options.clock.monotonicMs() > this.#key.usableUntilMs) {
      throw new Error(`encryptedDEKSource of KMS provider ${this.name} has expired: ${this.#failure?.message}`);
    }
    return this.#key;
  }

  /** Asks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const interval = this.#failure === undefined ? healthyIntervalMs : unhealthyIntervalMs;
      try {
        await this.#options.clock.sleep(interval, signal);
      } catch {
        return; // Told to end.
      }
      await this.check();
    }
  }

  /** Asks once; see `failure`. */
  async check(): Promise<void> {
    const { plugin, logger } = this.#options;
    try {
      await this.#take(await plugin.status());
      this.#failure = undefined;
    } catch (error) {
      this.#failure = new Error(`kmsv2 Provider ${this.name} is not healthy, error: ${(error as Error).message}`, {
        cause: error,
      });
      logger.warn("a KMS plugin cannot be used", { provider: this.name, error: this.#failure.message });
    }
  }

  async #take({ healthz, version, keyId }: StatusResponse): Promise<void> {
    if (healthz !== "ok") throw new Error(`got unexpected healthz status: ${healthz}`);
    if (version !== "v2" && version !== "v2beta1") throw new Error(`expected KMSv2 API version v2, got ${version}`);
    this.#version ||= version;
    if (version !== this.#version) {
      throw new Error(
        `KMSv2 API version should not change after the initial status response version ${this.#version}, got ${version}`,
      );
    }
    checkKeyId(keyId);
    // Counted from before the plugin is asked for more: three minutes are the most.
    const usableUntilMs = this.#options.clock.monotonicMs() + writeMaxAgeMs;
    if (this.#key?.source.keyId === keyId) this.#key = { ...this.#key, usableUntilMs };
    else this.#key = await this.#newKey(keyId, usableUntilMs);
  }

  async #newKey(keyId: string, usableUntilMs: number): Promise<WriteKey> {
    const { plugin, random, logger } = this.#options;
    const seed = random.bytes(32);
    const answer = await plugin.encrypt(seed);
    const source = {
      keyId: answer.keyId,
      encryptedDekSource: answer.ciphertext,
      annotations: answer.annotations,
      encryptedDekSourceType: dekSource.seed,
    };
    checkEncryptedObject({ ...source, encryptedData: new Uint8Array(1) });
    if (answer.keyId !== keyId)
      throw new Error("failed to rotate DEK: the plugin encrypts with another key than it tells");
    logger.info("values are encrypted with a new key", { provider: this.name });
    return { transformer: derivedKeyGcm(seed, random), source, usableUntilMs };
  }
}
