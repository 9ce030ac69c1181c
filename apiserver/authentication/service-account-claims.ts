import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { JwtClaims } from "./jwt.ts";
import * as names from "./names.ts";

/** An object that a token is bound to. */
export interface ObjectRef {
  readonly name: string;
  readonly uid: string;
}

/** What a bound service account token says (pkg/serviceaccount/claims.go). Times are seconds since 1970. */
export interface ServiceAccountClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly issuedAt?: number;
  readonly notBefore?: number;
  readonly expiry?: number;
  readonly id: string;
  readonly namespace: string;
  readonly serviceAccount: ObjectRef;
  readonly pod?: ObjectRef;
  readonly secret?: ObjectRef;
  readonly node?: ObjectRef;
  readonly warnAfter?: number;
}

/** What a token of a secret says (pkg/serviceaccount/legacy.go): valid as long as the secret is there. */
export interface LegacyClaims {
  readonly subject: string;
  readonly namespace: string;
  readonly secretName: string;
  readonly serviceAccountName: string;
  readonly serviceAccountUid: string;
}

export const legacyIssuer = "kubernetes/serviceaccount";

/** Clocks may differ by this much, and what has been deleted counts as there for this long. */
export const leewaySeconds = 60;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const time = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

/** Reads verified claims; what has the wrong type counts as absent. */
export function readClaims(claims: JwtClaims): ServiceAccountClaims {
  const own = object(claims["kubernetes.io"]);
  const audience = claims["aud"];
  const issuedAt = time(claims["iat"]);
  const notBefore = time(claims["nbf"]);
  const expiry = time(claims["exp"]);
  const warnAfter = time(own["warnafter"]);
  const [pod, secret, node] = [ref(own["pod"]), ref(own["secret"]), ref(own["node"])];
  return {
    issuer: text(claims["iss"]),
    subject: text(claims["sub"]),
    audiences:
      typeof audience === "string"
        ? [audience]
        : Array.isArray(audience)
          ? audience.filter((one) => typeof one === "string")
          : [],
    ...(issuedAt === undefined ? {} : { issuedAt }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(expiry === undefined ? {} : { expiry }),
    id: text(claims["jti"]),
    namespace: text(own["namespace"]),
    serviceAccount: ref(own["serviceaccount"]) ?? { name: "", uid: "" },
    ...(pod === undefined ? {} : { pod }),
    ...(secret === undefined ? {} : { secret }),
    ...(node === undefined ? {} : { node }),
    ...(warnAfter === undefined || warnAfter === 0 ? {} : { warnAfter }),
  };
}

/** Claims of a token kept in a Secret; one that is absent or no text is empty. */
export function readLegacyClaims(claims: JwtClaims): LegacyClaims {
  return {
    subject: text(claims["sub"]),
    namespace: text(claims["kubernetes.io/serviceaccount/namespace"]),
    secretName: text(claims["kubernetes.io/serviceaccount/secret.name"]),
    serviceAccountName: text(claims["kubernetes.io/serviceaccount/service-account.name"]),
    serviceAccountUid: text(claims["kubernetes.io/serviceaccount/service-account.uid"]),
  };
}

/** The claims as they are signed, fields in upstream's order. */
export function writeClaims(claims: ServiceAccountClaims): JwtClaims {
  const { pod, secret, node, warnAfter } = claims;
  return {
    aud: claims.audiences,
    exp: claims.expiry,
    iat: claims.issuedAt,
    iss: claims.issuer,
    jti: claims.id,
    "kubernetes.io": {
      namespace: claims.namespace,
      ...(node === undefined ? {} : { node: writeRef(node) }),
      ...(pod === undefined ? {} : { pod: writeRef(pod) }),
      ...(secret === undefined ? {} : { secret: writeRef(secret) }),
      serviceaccount: writeRef(claims.serviceAccount),
      ...(warnAfter === undefined ? {} : { warnafter: warnAfter }),
    },
    nbf: claims.notBefore,
    sub: claims.subject,
  };
}

/** The claims of a secret's token, as they are signed. */
export function writeLegacyClaims(claims: LegacyClaims): JwtClaims {
  return {
    iss: legacyIssuer,
    "kubernetes.io/serviceaccount/namespace": claims.namespace,
    "kubernetes.io/serviceaccount/secret.name": claims.secretName,
    "kubernetes.io/serviceaccount/service-account.name": claims.serviceAccountName,
    "kubernetes.io/serviceaccount/service-account.uid": claims.serviceAccountUid,
    sub: claims.subject,
  };
}

/** Refuses a token outside of its time. `now` in milliseconds. */
export function checkTimes({ notBefore, expiry, issuedAt }: ServiceAccountClaims, now: number): void {
  const seconds = now / 1000;
  if (notBefore !== undefined && seconds + leewaySeconds < notBefore)
    throw new Error("service account token is not valid yet");
  if (expiry !== undefined && seconds - leewaySeconds > expiry) throw new Error("service account token has expired");
  if (issuedAt !== undefined && seconds + leewaySeconds < issuedAt)
    throw new Error("service account token is issued in the future");
}

/** `JTI=…`: how the audit log names one token. */
export function credentialId(tokenId: string): string {
  return tokenId === "" ? "" : `JTI=${tokenId}`;
}

/** The user a bound token stands for, once it is known to be valid. */
export function userOfClaims({ namespace, serviceAccount, pod, node, id }: ServiceAccountClaims): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  if (pod !== undefined && pod.name !== "" && pod.uid !== "") {
    extra[names.extraPodName] = [pod.name];
    extra[names.extraPodUid] = [pod.uid];
  }
  if (id !== "") extra[names.extraCredentialId] = [credentialId(id)];
  if (node !== undefined && node.name !== "") {
    extra[names.extraNodeName] = [node.name];
    if (node.uid !== "") extra[names.extraNodeUid] = [node.uid];
  }
  return serviceAccountUser(namespace, serviceAccount.name, serviceAccount.uid, extra);
}

export function serviceAccountUser(
  namespace: string,
  name: string,
  uid: string,
  extra: Readonly<Record<string, readonly string[]>> = {},
): UserInfo {
  return {
    username: names.serviceAccountUsername(namespace, name),
    ...(uid === "" ? {} : { uid }),
    groups: names.serviceAccountGroups(namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function ref(value: unknown): ObjectRef | undefined {
  if (value === undefined || value === null) return undefined;
  const { name, uid } = object(value);
  return { name: text(name), uid: text(uid) };
}

function writeRef({ name, uid }: ObjectRef): Readonly<Record<string, string>> {
  return { ...(name === "" ? {} : { name }), ...(uid === "" ? {} : { uid }) };
}
