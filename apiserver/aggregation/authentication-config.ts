import { X509Certificate } from "node:crypto";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import { certificateBlocks } from "../../apimachinery/x509/bundle.ts";
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

/**
 * What servers say together: while authorities change, one server knows the new ones before the others, and none may take
 * away what another needs (combinedClusterAuthenticationInfo). Authorities stay until they expire.
 */
export function combinedData(
  existing: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
  now: number,
): Readonly<Record<string, string>> {
  const combined = Object.entries(own).map(([key, value]): [string, string] => {
    const before = existing[key] ?? "";
    return [key, key.endsWith("-ca-file") ? withAuthorities(before, value, now) : withNames(before, value)];
  });
  return { ...existing, ...Object.fromEntries(combined) };
}

/** Certificates of both, each once, without those that have expired. */
function withAuthorities(before: string, own: string, now: number): string {
  const known = new Map<string, string>();
  for (const text of [before, own].flatMap(certificateBlocks)) {
    const certificate = readCertificate(text);
    if (certificate === undefined || Date.parse(certificate.validTo) < now) continue;
    known.set(certificate.fingerprint256, `${text}\n`);
  }
  return known.size === 0 ? own : [...known.values()].join("");
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Lists in JSON: the names of both, each once. */
function withNames(before: string, own: string): string {
  return JSON.stringify([...new Set([...namesOf(before), ...namesOf(own)])]);
}

function namesOf(text: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Makes the ConfigMap `kube-system/extension-apiserver-authentication` say so, beside what other servers say there. */
export async function ensureAuthenticationConfig(
  store: ObjectReader & ObjectWriter,
  config: AuthenticationConfig,
  now: number,
): Promise<void> {
  const own = authenticationData(config);
  const current = store.get(ConfigMap, namespace, name);
  const data = combinedData(current?.data ?? {}, own, now);
  try {
    if (current === undefined) {
      await store.create(ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data });
    } else if (!equalJson(current.data, data)) {
      await store.update(ConfigMap, { ...current, data });
    }
  } catch (error) {
    // Another server was faster, and says the same; or the namespace does not exist yet, and this is tried again.
    if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
  }
}
