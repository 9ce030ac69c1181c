import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";

const namespace = "kube-system";
const name = "extension-apiserver-authentication";

export interface AuthenticationConfig {
  /** PEM. */
  readonly clientCa: string;
  readonly requestHeaderCa: string | undefined;
  /** Common names of front proxies; none: any. */
  readonly allowedNames: readonly string[];
}

/** What extension servers need to know their users as this server does (controlplane/controller/clusterauthenticationtrust). */
export function authenticationData(config: AuthenticationConfig): Readonly<Record<string, string>> {
  const { clientCa, requestHeaderCa, allowedNames } = config;
  const client = { "client-ca-file": clientCa };
  if (requestHeaderCa === undefined) return client;
  return {
    ...client,
    "requestheader-allowed-names": JSON.stringify(allowedNames),
    "requestheader-client-ca-file": requestHeaderCa,
    "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
    "requestheader-group-headers": '["X-Remote-Group"]',
    "requestheader-uid-headers": '["X-Remote-Uid"]',
    "requestheader-username-headers": '["X-Remote-User"]',
  };
}

/** Makes the ConfigMap `kube-system/extension-apiserver-authentication` say so. */
export async function ensureAuthenticationConfig(
  store: ObjectReader & ObjectWriter,
  config: AuthenticationConfig,
): Promise<void> {
  const data = authenticationData(config);
  const current = store.get(ConfigMap, namespace, name);
  try {
    if (current === undefined) {
      await store.create(ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data });
    } else if (!equalJson(current.data, { ...current.data, ...data })) {
      await store.update(ConfigMap, { ...current, data: { ...current.data, ...data } });
    }
  } catch (error) {
    // Another server was faster, and says the same; or the namespace does not exist yet, and this is tried again.
    if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
  }
}
