import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { AccessOptions, AuthorizationMode } from "../../apiserver/access.ts";
import { tokenFileAuthenticator } from "../../apiserver/authentication/token-file.ts";
import { TokenWebhookAuthenticator } from "../../apiserver/authentication/token-webhook.ts";
import { WebhookAuthorizer } from "../../apiserver/authorization/webhook-authorizer.ts";
import { networkWebhookClient } from "../../apiserver/webhook-client/network-client.ts";
import type { WebhookServer } from "../../apiserver/webhook-client/webhook-client.ts";
import { type Logger, realClock, realRandom } from "../../base/mod.ts";
import { parseKubeconfig, resolveContext } from "../../client/kubeconfig.ts";
import { CommandError } from "../command-error.ts";
import type { AccessFlags } from "../commands/access-options.ts";

/** The part of the access options that flags decide. */
export type FlagAccess = Pick<AccessOptions, "fixedTokens" | "furtherTokens" | "authorizationModes" | "anonymous">;
type Version = "v1" | "v1beta1";

/** How long a webhook of these may take to answer once (apiserver/pkg/util/webhook, defaultRequestTimeout). */
const timeoutMs = 30_000;
const client = networkWebhookClient({
  clock: realClock,
  userAgent: "kube-apiserver",
  services: {
    resolve() {
      throw new Error("a kubeconfig names no services");
    },
  },
});
const shared = { client, clock: realClock, random: realRandom };

/** What the flags say of users and their rights, with the files they name read. What is wrong with one is a CommandError. */
export async function accessOfFlags(
  flags: AccessFlags,
  audiences: readonly string[],
  logger: Logger,
): Promise<FlagAccess> {
  const { tokenAuthFile, authenticationTokenWebhookConfigFile: tokenWebhook } = flags;
  const fixed = await usable("--token-auth-file", tokenAuthFile, async (file) =>
    tokenFileAuthenticator(await readFile(file, "utf8"), file),
  );
  const webhook = await usable("--authentication-token-webhook-config-file", tokenWebhook, async (file) => {
    const version = flags.authenticationTokenWebhookVersion as Version;
    const cacheTtlMs = flags.authenticationTokenWebhookCacheTtl;
    return new TokenWebhookAuthenticator({
      ...shared,
      server: await webhookServer(file),
      version,
      cacheTtlMs,
      audiences,
    });
  });
  return {
    anonymous: flags.anonymousAuth === "true",
    ...(fixed === undefined ? {} : { fixedTokens: fixed }),
    furtherTokens: webhook === undefined ? [] : [webhook],
    authorizationModes: await modesOf(flags, logger),
  };
}

async function modesOf(flags: AccessFlags, logger: Logger): Promise<readonly AuthorizationMode[]> {
  const { authorizationMode, authorizationWebhookConfigFile: file } = flags;
  const names = authorizationMode.split(",");
  if (file !== undefined && !names.includes("Webhook")) {
    throw new CommandError("--authorization-webhook-config-file is for the mode Webhook of --authorization-mode");
  }
  const modes: AuthorizationMode[] = [];
  for (const name of names) modes.push(await modeOf(name, flags, logger));
  return modes;
}

async function modeOf(name: string, flags: AccessFlags, logger: Logger): Promise<AuthorizationMode> {
  if (name === "Node" || name === "RBAC" || name === "AlwaysAllow" || name === "AlwaysDeny") return name;
  if (name !== "Webhook") {
    throw new CommandError(
      `--authorization-mode ${name} is none: choose from Node, RBAC, Webhook, AlwaysAllow and AlwaysDeny`,
    );
  }
  const webhook = await usable(
    "--authorization-webhook-config-file",
    flags.authorizationWebhookConfigFile,
    async (file) =>
      new WebhookAuthorizer({
        ...shared,
        name: "",
        server: await webhookServer(file),
        version: flags.authorizationWebhookVersion as Version,
        timeoutMs,
        authorizedTtlMs: flags.authorizationWebhookCacheAuthorizedTtl,
        unauthorizedTtlMs: flags.authorizationWebhookCacheUnauthorizedTtl,
        onFailure: "noOpinion",
        logger,
      }),
  );
  if (webhook === undefined) {
    throw new CommandError("--authorization-mode Webhook needs --authorization-webhook-config-file");
  }
  return webhook;
}

/** What a kubeconfig's current context leads to. */
async function webhookServer(file: string): Promise<WebhookServer> {
  const { access } = await resolveContext(parseKubeconfig(await readFile(file, "utf8"), dirname(file)));
  const { server, ca, serverName, insecureSkipVerify, certificate, key, token, tokenFile, basic } = access;
  const bearer = tokenFile === undefined ? token : (await readFile(tokenFile, "utf8")).trim();
  return {
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(insecureSkipVerify === undefined ? {} : { insecureSkipVerify }),
    credentials: {
      ...(bearer === undefined ? {} : { token: bearer }),
      ...(basic === undefined ? {} : basic),
      ...(certificate === undefined ? {} : { clientCertificate: certificate }),
      ...(key === undefined ? {} : { clientKey: key }),
    },
  };
}

async function usable<T>(
  flag: string,
  file: string | undefined,
  read: (file: string) => Promise<T>,
): Promise<T | undefined> {
  if (file === undefined) return undefined;
  try {
    return await read(file);
  } catch (error) {
    throw new CommandError(`${flag} ${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
