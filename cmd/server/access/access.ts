import { readFile } from "node:fs/promises";
import type { AccessOptions } from "../../../apiserver/access.ts";
import { tokenFileAuthenticator } from "../../../apiserver/authentication/token-file.ts";
import { TokenWebhookAuthenticator } from "../../../apiserver/authentication/token-webhook.ts";
import type { AuthorizationMode } from "../../../apiserver/authorization/reloadable.ts";
import type { MetricsRegistry } from "../../../base/metrics.ts";
import { type Logger, realClock, realRandom } from "../../../base/mod.ts";
import type { AccessFlags } from "../../commands/access-options.ts";
import type { FollowedFiles } from "../reload/followed-files.ts";
import { authorizersOf } from "./authorizers.ts";
import { openIdOf } from "./openid.ts";
import { usableFile } from "./usable-file.ts";
import { accessWebhooks, webhookServer } from "./webhook-server.ts";

/** What flags decide of who is who, and who may. */
export interface FlagAccess {
  readonly options: Pick<AccessOptions, "fixedTokens" | "furtherTokens" | "authorizationModes" | "anonymous">;
  /** Files whose changes are to be put into use, once there is somebody to decide by them. */
  followed(setAuthorizationModes: (modes: readonly AuthorizationMode[]) => void): readonly FollowedFiles[];
}

export interface FlagAccessOptions {
  /** The server's own issuers of tokens, and whom tokens must be for. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Of this server among several. */
  readonly serverId: string;
  /** Issuers are asked where their keys are until then. */
  readonly signal: AbortSignal;
}

/** What the flags say of users and their rights, with the files they name read. What is wrong with one is a CommandError. */
export async function accessOfFlags(flags: AccessFlags, options: FlagAccessOptions): Promise<FlagAccess> {
  const { issuers, audiences } = options;
  const fixed = await usableFile("--token-auth-file", flags.tokenAuthFile, async (file) =>
    tokenFileAuthenticator(await readFile(file, "utf8"), file),
  );
  const openId = await openIdOf(flags, issuers, options);
  const webhook = await tokenWebhookOf(flags, audiences);
  const authorization = await authorizersOf(flags, options);
  return {
    options: {
      anonymous: openId?.anonymous ?? anonymousByFlags(flags, options.logger),
      ...(fixed === undefined ? {} : { fixedTokens: fixed }),
      furtherTokens: [openId?.issuers, webhook].filter((one) => one !== undefined),
      authorizationModes: authorization.modes,
    },
    followed: (setAuthorizationModes) =>
      [openId?.followed, authorization.followed?.(setAuthorizationModes)].filter((one) => one !== undefined),
  };
}

/** Nobody who has not been recognized may do everything (pkg/kubeapiserver/options, ApplyAuthorization). */
function anonymousByFlags({ anonymousAuth = "true", authorizationMode }: AccessFlags, logger: Logger): boolean {
  if (anonymousAuth !== "true" || !authorizationMode.split(",").includes("AlwaysAllow"))
    return anonymousAuth === "true";
  logger.warn("requests without a credential are refused: everybody would be allowed everything (AlwaysAllow)", {});
  return false;
}

function tokenWebhookOf(
  flags: AccessFlags,
  audiences: readonly string[],
): Promise<TokenWebhookAuthenticator | undefined> {
  const file = flags.authenticationTokenWebhookConfigFile;
  return usableFile("--authentication-token-webhook-config-file", file, async (path) => {
    return new TokenWebhookAuthenticator({
      client: accessWebhooks,
      server: await webhookServer(path),
      version: flags.authenticationTokenWebhookVersion as "v1",
      cacheTtlMs: flags.authenticationTokenWebhookCacheTtl,
      clock: realClock,
      random: realRandom,
      audiences,
    });
  });
}
