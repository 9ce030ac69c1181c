import { readFile } from "node:fs/promises";
import { equalJson } from "../../../apimachinery/json/equal.ts";
import { parseYaml } from "../../../apimachinery/yaml/yaml.ts";
import { AbacAuthorizer } from "../../../apiserver/authorization/abac/abac-authorizer.ts";
import { parsePolicyFile } from "../../../apiserver/authorization/abac/policy-file.ts";
import { WebhookAuthorizerMetrics } from "../../../apiserver/authorization/authorization-metrics.ts";
import {
  type AuthorizerConfiguration,
  parseAuthorizationConfiguration,
} from "../../../apiserver/authorization/configuration.ts";
import type { AuthorizationMode } from "../../../apiserver/authorization/reloadable.ts";
import { matchesAll } from "../../../apiserver/authorization/webhook/match-conditions.ts";
import { WebhookAuthorizer } from "../../../apiserver/authorization/webhook/webhook-authorizer.ts";
import { type Logger, realClock, realRandom } from "../../../base/mod.ts";
import { CommandError } from "../../command-error.ts";
import type { AccessFlags } from "../../commands/access-options.ts";
import { type FollowedFiles, RefusedContentError } from "../reload/followed-files.ts";
import { reloadMetrics } from "../reload/reload-metrics.ts";
import type { FlagAccessOptions } from "./access.ts";
import { usableFile } from "./usable-file.ts";
import { accessWebhooks, webhookServer } from "./webhook-server.ts";

/** How long a webhook of the flags may take to answer once (apiserver/pkg/util/webhook, defaultRequestTimeout). */
const timeoutMs = 30_000;

export interface FlagAuthorization {
  readonly modes: readonly AuthorizationMode[];
  /** Where a file says it. */
  readonly followed?: (set: (modes: readonly AuthorizationMode[]) => void) => FollowedFiles;
}

type Options = Pick<FlagAccessOptions, "logger" | "metrics" | "serverId">;

/** Who decides what a user may, by `--authorization-config` or by modes. */
export async function authorizersOf(flags: AccessFlags, options: Options): Promise<FlagAuthorization> {
  const { authorizationConfig, authorizationMode, authorizationWebhookConfigFile: webhookFile } = flags;
  const fromFile = await usableFile("--authorization-config", authorizationConfig, (file) =>
    authorizersOfFile(file, flags, options),
  );
  if (fromFile !== undefined) {
    if (webhookFile === undefined) return fromFile;
    throw new CommandError("--authorization-config and --authorization-webhook-config-file say the same: give one");
  }
  const names = authorizationMode.split(",");
  if (flags.authorizationPolicyFile !== undefined && !names.includes("ABAC")) {
    throw new CommandError("--authorization-policy-file is for the mode ABAC of --authorization-mode");
  }
  if (webhookFile !== undefined && !names.includes("Webhook")) {
    throw new CommandError("--authorization-webhook-config-file is for the mode Webhook of --authorization-mode");
  }
  const modes: AuthorizationMode[] = [];
  for (const name of names) modes.push(await modeOf(name, flags, options));
  return { modes };
}

async function authorizersOfFile(
  file: string,
  flags: AccessFlags,
  { logger, metrics, serverId }: Options,
): Promise<FlagAuthorization> {
  const content = await readFile(file, "utf8");
  const measured = new WebhookAuthorizerMetrics(metrics);
  const contentOf = (text: string): unknown => parseYaml(text).value;
  const modesOf = (configured: readonly AuthorizerConfiguration[]) =>
    Promise.all(configured.map((one) => configuredAuthorizer(one, abac, { logger, measured })));
  let inUse = contentOf(content);
  const first = parseAuthorizationConfiguration(inUse);
  const started = first.flatMap(({ type }) => (type === "Webhook" ? [] : [type]));
  const abac = started.includes("ABAC") ? await abacOf(flags) : undefined;
  return {
    modes: await modesOf(first),
    followed: (set) => ({
      what: "authorization config",
      files: [file],
      contents: [content],
      onOutcome: reloadMetrics(metrics, "authorization", { clock: realClock, serverId, content }),
      async apply([text = ""]) {
        try {
          const value = contentOf(text);
          const configured = parseAuthorizationConfiguration(value, { started });
          if (equalJson(value, inUse)) return "same";
          set(await modesOf(configured));
          inUse = value;
          return "applied";
        } catch (cause) {
          throw new RefusedContentError((cause as Error).message, { cause });
        }
      },
    }),
  };
}

async function configuredAuthorizer(
  config: AuthorizerConfiguration,
  abac: AbacAuthorizer | undefined,
  { logger, measured }: { readonly logger: Logger; readonly measured: WebhookAuthorizerMetrics },
): Promise<AuthorizationMode> {
  if (config.type === "ABAC") return abac!;
  if (config.type !== "Webhook") return config.type;
  const { conditions, failurePolicy, kubeConfigFile, ...rest } = config;
  return new WebhookAuthorizer({
    ...rest,
    client: accessWebhooks,
    server: await webhookServer(kubeConfigFile),
    onFailure: failurePolicy === "Deny" ? "deny" : "noOpinion",
    matches: (spec) => matchesAll(conditions, spec),
    clock: realClock,
    random: realRandom,
    logger,
    metrics: measured,
  });
}

async function modeOf(name: string, flags: AccessFlags, { logger, metrics }: Options): Promise<AuthorizationMode> {
  if (name === "Node" || name === "RBAC" || name === "AlwaysAllow" || name === "AlwaysDeny") return name;
  if (name === "ABAC") return abacOf(flags);
  if (name !== "Webhook") {
    throw new CommandError(
      `--authorization-mode ${name} is none: choose from Node, RBAC, ABAC, Webhook, AlwaysAllow and AlwaysDeny`,
    );
  }
  const file = flags.authorizationWebhookConfigFile;
  const webhook = await usableFile("--authorization-webhook-config-file", file, async (path) => {
    return new WebhookAuthorizer({
      name: "",
      client: accessWebhooks,
      server: await webhookServer(path),
      version: flags.authorizationWebhookVersion as "v1",
      timeoutMs,
      authorizedTtlMs: flags.authorizationWebhookCacheAuthorizedTtl,
      unauthorizedTtlMs: flags.authorizationWebhookCacheUnauthorizedTtl,
      onFailure: "noOpinion",
      clock: realClock,
      random: realRandom,
      logger,
      metrics: new WebhookAuthorizerMetrics(metrics),
    });
  });
  if (webhook === undefined) {
    throw new CommandError("--authorization-mode Webhook needs --authorization-webhook-config-file");
  }
  return webhook;
}

async function abacOf({ authorizationPolicyFile: file }: AccessFlags): Promise<AbacAuthorizer> {
  const abac = await usableFile("--authorization-policy-file", file, async (path) => {
    return new AbacAuthorizer(parsePolicyFile(await readFile(path, "utf8"), path));
  });
  if (abac === undefined) throw new CommandError("--authorization-mode ABAC needs --authorization-policy-file");
  return abac;
}
