import { Secret } from "../../api/core/v1/secret.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { type Client, objectKey } from "../../client/mod.ts";
import type { CacheIndex } from "../runner/cache.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import {
  accountNameOf,
  accountUidAnnotation,
  isAccountOf,
  plan,
  planWithout,
  type SignToken,
  tokenSecretType,
} from "./plan.ts";

export interface ServiceAccountTokensOptions {
  readonly signToken: SignToken;
  /** PEM; may be empty. */
  readonly rootCa: string;
}

/** Secrets by the key of the account they are for. */
const accountIndex: CacheIndex<Secret> = { name: "service-account", of: (secret) => [accountKeyOf(secret)] };

function accountKeyOf(secret: Secret): string {
  return `${secret.metadata.namespace ?? ""}/${accountNameOf(secret)}`;
}

/** Stands for a secret that is gone: its own key, then the account's name and uid, which nobody could tell any more. */
function goneKey(secret: Secret): string {
  return `${objectKey(secret)}/${accountNameOf(secret)}/${secret.metadata.annotations?.[accountUidAnnotation] ?? ""}`;
}

/** Fills secrets with tokens of service accounts. As upstream's it has no service account itself: accounts rest on it. */
export function serviceAccountTokenController({ signToken, rootCa }: ServiceAccountTokensOptions): Controller {
  return defineController({
    name: "serviceaccount-token-controller",
    serviceAccount: undefined,
    queue: "serviceaccount_tokens_service",
    primary: Secret,
    selection: { fieldSelector: `type=${tokenSecretType}` },
    also: [
      {
        resource: ServiceAccount,
        keys: (account, cache) => cache.byIndex(Secret, accountIndex, objectKey(account)).map(objectKey),
        matters: (account, old) => account.metadata.uid !== old.metadata.uid,
      },
      {
        resource: Secret,
        keys: (secret, cache) =>
          cache.get(Secret, objectKey(secret))?.metadata.uid === secret.metadata.uid ? [] : [goneKey(secret as Secret)],
      },
    ],
    workers: 5,
    observe(secret, cache, _, { client, signal }) {
      const account = cache.get(ServiceAccount, accountKeyOf(secret));
      const observed = { secret, account, rootCa, signToken };
      const bound = secret.metadata.annotations?.[accountUidAnnotation];
      if (accountNameOf(secret) === "" || (bound && account && isAccountOf(secret, account))) return observed;
      return accountNow(client, secret, signal).then((account) => ({ ...observed, account }));
    },
    plan,
    gone(key, cache) {
      const [namespace, secretName = "", accountName, uid, ...more] = key.split("/");
      if (accountName === undefined || more.length > 0) return [];
      const account = cache.get(ServiceAccount, `${namespace}/${accountName}`);
      if (account === undefined || (uid !== "" && uid !== account.metadata.uid)) return [];
      return planWithout(account, secretName);
    },
  });
}

/**
 * By the server's own word: a cache may not know yet of an account that was made just before its secret, or still know the
 * one that had its name before, whose token would make the secret outdated at once.
 */
async function accountNow(client: Client, secret: Secret, signal: AbortSignal): Promise<ServiceAccount | undefined> {
  const accounts = client.resource(ServiceAccount, secret.metadata.namespace ?? "");
  try {
    return await accounts.get(accountNameOf(secret), { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
