import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { WebhookCredentials, WebhookKubeconfig } from "../../../apiserver/webhook-client/credentials.ts";
import { networkWebhookClient } from "../../../apiserver/webhook-client/network-client.ts";
import type { WebhookServer } from "../../../apiserver/webhook-client/webhook-client.ts";
import { realClock } from "../../../base/mod.ts";
import { parseKubeconfig, resolveContext, resolveUser, type UserAccess } from "../../../client/kubeconfig.ts";

/** For webhooks that kubeconfigs name. */
export const accessWebhooks = networkWebhookClient({
  clock: realClock,
  userAgent: "kube-apiserver",
  services: {
    resolve() {
      throw new Error("a kubeconfig names no services");
    },
  },
});

/** What a kubeconfig's current context leads to. Rejects, saying what is missing. */
export async function webhookServer(file: string): Promise<WebhookServer> {
  const { access } = await resolveContext(parseKubeconfig(await readFile(file, "utf8"), dirname(file)));
  const { server, ca, serverName, insecureSkipVerify } = access;
  return {
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(insecureSkipVerify === undefined ? {} : { insecureSkipVerify }),
    credentials: await credentialsOf(access),
  };
}

/** The users of a kubeconfig by their names, which are those of the webhooks that each is for. */
export async function webhookUsers(file: string): Promise<WebhookKubeconfig> {
  const config = parseKubeconfig(await readFile(file, "utf8"), dirname(file));
  const users = new Map<string, WebhookCredentials>();
  for (const { name, user } of config.users) users.set(name, await credentialsOf(await resolveUser(user)));
  const current = config.contexts.find(({ name }) => name === config["current-context"])?.context.user;
  return { users, ...(current === undefined ? {} : { currentUser: current }) };
}

async function credentialsOf({ certificate, key, token, tokenFile, basic }: UserAccess): Promise<WebhookCredentials> {
  const bearer = token ?? (tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim());
  return {
    ...(bearer === undefined ? {} : { token: bearer }),
    ...(basic === undefined ? {} : basic),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    ...(key === undefined ? {} : { clientKey: key }),
  };
}
