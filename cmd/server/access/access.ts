import { readFile } from "node:fs/promises";
import type { AccessOptions } from "../../../apiserver/access.ts";
import { tokenFileAuthenticator } from "../../../apiserver/authentication/token-file.ts";
import { TokenWebhookAuthenticator } from "../../../apiserver/authentication/token-webhook.ts";
import { type Logger, realClock, realRandom } from "../../../base/mod.ts";
import type { AccessFlags } from "../../commands/access-options.ts";
import { authorizersOf } from "./authorizers.ts";
import { openIdOf } from "./openid.ts";
import { usableFile } from "./usable-file.ts";
import { accessWebhooks, webhookServer } from "./webhook-server.ts";

/** The part of the access options that flags decide. */
export type FlagAccess = Pick<AccessOptions, "fixedTokens" | "furtherTokens" | "authorizationModes" | "anonymous">;

export interface FlagAccessOptions {
  /** The server's own issuer of tokens, and audience. */
  readonly issuer: string;
  readonly logger: Logger;
  /** Issuers are asked where their keys are until then. */
  readonly signal: AbortSignal;
}

/** What the flags say of users and their rights, with the files they name read. What is wrong with one is a CommandError. */
export async function accessOfFlags(flags: AccessFlags, options: FlagAccessOptions): Promise<FlagAccess> {
  const { issuer, logger, signal } = options;
  const fixed = await usableFile("--token-auth-file", flags.tokenAuthFile, async (file) =>
    tokenFileAuthenticator(await readFile(file, "utf8"), file),
  );
  const openId = await openIdOf(flags, [issuer], logger);
  for (const authenticator of openId.authenticators) void authenticator.run(signal);
  const webhook = await tokenWebhookOf(flags, issuer);
  return {
    anonymous: openId.anonymous ?? flags.anonymousAuth === "true",
    ...(fixed === undefined ? {} : { fixedTokens: fixed }),
    furtherTokens: [...openId.authenticators, ...(webhook === undefined ? [] : [webhook])],
    authorizationModes: await authorizersOf(flags, logger),
  };
}

function tokenWebhookOf(flags: AccessFlags, issuer: string): Promise<TokenWebhookAuthenticator | undefined> {
  const file = flags.authenticationTokenWebhookConfigFile;
  return usableFile("--authentication-token-webhook-config-file", file, async (path) => {
    return new TokenWebhookAuthenticator({
      client: accessWebhooks,
      server: await webhookServer(path),
      version: flags.authenticationTokenWebhookVersion as "v1",
      cacheTtlMs: flags.authenticationTokenWebhookCacheTtl,
      clock: realClock,
      random: realRandom,
      audiences: [issuer],
    });
  });
}
