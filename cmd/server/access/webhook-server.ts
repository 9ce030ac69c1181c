import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { networkWebhookClient } from "../../../apiserver/webhook-client/network-client.ts";
import type { WebhookServer } from "../../../apiserver/webhook-client/webhook-client.ts";
import { realClock } from "../../../base/mod.ts";
import { parseKubeconfig, resolveContext } from "../../../client/kubeconfig.ts";

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
