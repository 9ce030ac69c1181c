import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import type { TokenRequest } from "../../api/generated/types/authentication-v1.ts";
import { isAlreadyExists, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { Transport } from "../../apimachinery/resource/transport.ts";
import type { Clock } from "../../base/clock.ts";
import { type Client, createClient, createHttpTransport, type ServerAccess } from "../../client/mod.ts";

const accountPrefix = "system:serviceaccount:";
/** Asked for; renewed when a fifth of it is left. */
const lifetimeSeconds = 3_600;

export interface AccountClientsOptions {
  /** May create service accounts and their tokens (role system:kube-controller-manager). */
  readonly client: Client;
  readonly access: ServerAccess;
  readonly clock: Clock;
}

/**
 * Clients over HTTP that act as service accounts, each by a token of its own that is renewed in time; any other user is the
 * one `client` is (kube-controller-manager's --use-service-account-credentials).
 */
export function serviceAccountClients({ client, access, clock }: AccountClientsOptions): (user: UserInfo) => Client {
  return ({ username }) => {
    if (!username.startsWith(accountPrefix)) return client;
    const [namespace = "", name = ""] = username.slice(accountPrefix.length).split(":");
    const server = { server: access.server, ca: access.ca, serverName: access.serverName };
    const open = (token: string): Transport =>
      createHttpTransport({ ...server, token }, { clock, userAgent: `k8ts-controller-manager/${name}` });
    return createClient(renewing(() => requestToken(client, namespace, name), open, clock));
  };
}

interface Token {
  readonly token: string;
  readonly expiresMs: number;
}

async function requestToken(client: Client, namespace: string, name: string): Promise<Token> {
  const accounts = client.resource(ServiceAccount, namespace);
  const spec = { expirationSeconds: lifetimeSeconds };
  const ask = () => accounts.subresource<TokenRequest, object>(name, "token").create({ spec });
  const answer = await ask().catch(async (error: unknown) => {
    if (!isNotFound(error)) throw error;
    await accounts.create({ metadata: { name } }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    return ask();
  });
  const { token = "", expirationTimestamp = "" } = answer.status ?? {};
  return { token, expiresMs: Date.parse(expirationTimestamp) };
}

/** A transport whose token is exchanged before it runs out; what is under way ends on the old one. */
function renewing(request: () => Promise<Token>, open: (token: string) => Transport, clock: Clock): Transport {
  let current: Promise<{ readonly transport: Transport; readonly renewAtMs: number }> | undefined;
  const fetch = async () => {
    const { token, expiresMs } = await request();
    const now = clock.now();
    return { transport: open(token), renewAtMs: now + (expiresMs - now) * 0.8 };
  };
  const transport = async (): Promise<Transport> => {
    const known = await current?.catch(() => undefined);
    if (known === undefined || clock.now() >= known.renewAtMs) current = fetch();
    return (await current!).transport;
  };
  return {
    request: async (request) => (await transport()).request(request),
    async *watch(request) {
      yield* (await transport()).watch(request);
    },
    close: async () => (await current?.catch(() => undefined))?.transport.close(),
  };
}
