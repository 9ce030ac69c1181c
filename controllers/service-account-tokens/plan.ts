import { Secret } from "../../api/core/v1/secret.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { Action } from "../runner/action.ts";

export const tokenSecretType = "kubernetes.io/service-account-token";
export const accountNameAnnotation = "kubernetes.io/service-account.name";
export const accountUidAnnotation = "kubernetes.io/service-account.uid";

/** Whom the token of a secret stands for, and where it is kept. */
export interface TokenSubject {
  readonly namespace: string;
  readonly secretName: string;
  readonly serviceAccountName: string;
  readonly serviceAccountUid: string;
}

/** Makes a token that holds as long as its secret: signed by a key whose tokens the API server accepts. */
export type SignToken = (subject: TokenSubject) => string;

export interface Observed {
  readonly secret: Secret;
  /** The account of the name that the secret gives; undefined where there is none. */
  readonly account: ServiceAccount | undefined;
  /** PEM; may be empty. */
  readonly rootCa: string;
  readonly signToken: SignToken;
}

/** The name of the account that a secret is for; "" where it gives none. */
export function accountNameOf({ metadata }: Secret): string {
  return metadata.annotations?.[accountNameAnnotation] ?? "";
}

/** Whether a secret is for this very account: one that does not say a uid yet is for whoever has the name. */
export function isAccountOf(secret: Secret, account: ServiceAccount): boolean {
  const uid = secret.metadata.annotations?.[accountUidAnnotation] ?? "";
  return accountNameOf(secret) === account.metadata.name && (uid === "" || uid === account.metadata.uid);
}

/**
 * A secret that is for a service account has its token, its namespace and the authority of the API server; one whose
 * account is gone goes (pkg/controller/serviceaccount/tokens_controller.go).
 */
export function plan({ secret, account, rootCa, signToken }: Observed): readonly Action[] {
  if (accountNameOf(secret) === "") return [];
  const { name = "", namespace = "", uid = "" } = secret.metadata;
  if (account === undefined || !isAccountOf(secret, account)) {
    if (secret.metadata.deletionTimestamp !== undefined) return [];
    return [{ type: "delete", resource: Secret, namespace, name, uid }];
  }
  const missing = missingData(secret, rootCa);
  // What may not change any more cannot be filled either.
  if (missing === undefined || secret.immutable === true) return [];
  const { name: accountName = "", uid: accountUid = "" } = account.metadata;
  const subject = { namespace, secretName: name, serviceAccountName: accountName, serviceAccountUid: accountUid };
  const data = {
    ...secret.data,
    ...missing,
    ...(secret.data?.["token"] ? {} : { token: base64(signToken(subject)) }),
  };
  const annotations = {
    ...secret.metadata.annotations,
    [accountNameAnnotation]: accountName,
    [accountUidAnnotation]: accountUid,
  };
  const object = { ...secret, metadata: { ...secret.metadata, annotations }, data };
  // Whoever was faster has changed the secret, which is then looked at again.
  return [{ type: "update", resource: Secret, object, tolerates: (error) => isConflict(error) || isNotFound(error) }];
}

/** What goes beside the token and is not there; undefined where nothing is missing, nor the token. */
function missingData({ metadata, data }: Secret, rootCa: string): Readonly<Record<string, string>> | undefined {
  const authority = base64(rootCa);
  const needsAuthority = authority !== "" && data?.["ca.crt"] !== authority;
  const needsNamespace = !data?.["namespace"];
  if (!needsAuthority && !needsNamespace && data?.["token"]) return undefined;
  return {
    ...(needsAuthority ? { "ca.crt": authority } : {}),
    ...(needsNamespace ? { namespace: base64(metadata.namespace ?? "") } : {}),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** An account does not name a secret any more that is gone. */
export function planWithout(account: ServiceAccount, secretName: string): readonly Action[] {
  const { secrets = [], ...rest } = account;
  const kept = secrets.filter(({ name }) => name !== secretName);
  if (kept.length === secrets.length) return [];
  const object = { ...rest, ...(kept.length === 0 ? {} : { secrets: kept }) };
  return [{ type: "update", resource: ServiceAccount, object, tolerates: isNotFound }];
}
