import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { secretNamesOf } from "../../api/core/v1/pod/references.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { Secret } from "../../api/core/v1/secret.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { parseDay } from "../../apimachinery/time/day.ts";
import type { Client } from "../../client/mod.ts";
import type { Cache } from "../runner/cache.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { accountNameOf, isAccountOf, tokenSecretType } from "../service-account-tokens/plan.ts";
import { isUnused, type Observed, plan, summarize } from "./plan.ts";

const dayMs = 86_400_000;
const tracking = { namespace: "kube-system", name: "kube-apiserver-legacy-service-account-token-tracking" };

/** Removes tokens of service accounts that were made by themselves, and that nobody has used for `periodMs`. */
export function legacyTokenCleaner(periodMs: number): Controller {
  return defineController<Secret, Observed>({
    name: "legacy-serviceaccount-token-cleaner-controller",
    serviceAccount: "legacy-service-account-token-cleaner",
    primary: Secret,
    selection: { fieldSelector: `type=${tokenSecretType}` },
    reads: [ServiceAccount, Pod],
    workers: 1,
    observe(secret, cache, now, { client, signal }) {
      const account = accountOf(secret, cache);
      const known = { secret, account, periodMs, now };
      const observed = { ...known, isMounted: false, trackedSinceMs: undefined };
      if (!isUnused(observed)) return observed;
      const isMounted = isReferredTo(secret, cache);
      if (isMounted) return { ...observed, isMounted };
      return trackedSince(client, signal).then((trackedSinceMs) => ({ ...observed, trackedSinceMs }));
    },
    plan,
    summarize,
  });
}

function accountOf(secret: Secret, cache: Cache): ServiceAccount | undefined {
  const name = accountNameOf(secret);
  const account = name === "" ? undefined : cache.get(ServiceAccount, `${secret.metadata.namespace}/${name}`);
  return account !== undefined && isAccountOf(secret, account) ? account : undefined;
}

function isReferredTo({ metadata: { name, namespace = "" } }: Secret, cache: Cache): boolean {
  return cache.inNamespace(Pod, namespace).some((pod) => secretNamesOf(pod).some((one) => one === name));
}

/** Uses of the first day may not all have been noted. */
async function trackedSince(client: Client, signal: AbortSignal): Promise<number | undefined> {
  try {
    const { data } = await client.resource(ConfigMap, tracking.namespace).get(tracking.name, { signal });
    const since = parseDay(data?.["since"]);
    return since === undefined ? undefined : since + dayMs;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
