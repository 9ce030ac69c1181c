import { tokenRequestErrors } from "../../api/authentication/v1/token-request.ts";
import type {
  BoundObjectReference,
  TokenRequest,
  TokenRequestInput,
} from "../../api/generated/types/authentication-v1.ts";
import type { Node, Pod, Secret, ServiceAccount } from "../../api/generated/types/core-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { serviceAccountUsername } from "./names.ts";
import { credentialId, type ObjectRef, type ServiceAccountClaims } from "./service-account-claims.ts";

const group = "authentication.k8s.io";
const kind = { group, kind: "TokenRequest" };
const defaultExpirationSeconds = 3600;
/** What the pods' own volumes ask for: an hour, and a mark to know them by. */
export const warnOnlyExpirationSeconds = 3607;
export const extendedExpirationSeconds: number = 365 * 24 * 60 * 60;

export interface TokenRequestOptions {
  readonly issuer: string;
  /** The server's own audiences: the default, and those whose pods' tokens live longer than asked. */
  readonly audiences: readonly string[];
  /** Longer requests are shortened to this; absent: no limit. */
  readonly maxExpirationSeconds?: number;
  /** Pods' tokens live a year and warn after an hour, for clients that never read them again (the default upstream). */
  readonly extendExpiration: boolean;
  /** For how long, then. Default a year. */
  readonly maxExtendedExpirationSeconds?: number;
}

/**
 * A request for a token, completed and checked, before validating admission sees it
 * (pkg/registry/core/serviceaccount/storage/token.go). `namespace` and `name` are the URL's. `now` in milliseconds.
 */
export function completeTokenRequest(
  request: TokenRequestInput,
  target: { readonly namespace: string; readonly name: string; readonly serviceAccount: ServiceAccount | undefined },
  options: TokenRequestOptions,
  now: number,
): TokenRequest {
  const { namespace, name, serviceAccount } = target;
  const metadata = request.metadata ?? {};
  if (metadata.name && metadata.name !== name) {
    const detail = "must match the service account name if specified";
    throw ApiError.invalid(kind, name, [invalid("metadata.name", metadata.name, detail)]);
  }
  if (serviceAccount === undefined) throw ApiError.notFound({ group: "", resource: "serviceaccounts" }, name);
  const uid = serviceAccount.metadata.uid ?? "";
  if (metadata.uid && metadata.uid !== uid) {
    const message = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
    throw ApiError.conflict({ group, resource: "TokenRequest" }, name, message);
  }
  const spec = request.spec ?? {};
  const seconds = spec.expirationSeconds ?? defaultExpirationSeconds;
  const errors = tokenRequestErrors(seconds);
  if (errors.length > 0) throw ApiError.invalid(kind, "", errors);
  return {
    apiVersion: `${group}/v1`,
    kind: "TokenRequest",
    metadata: { ...metadata, name, namespace, uid, creationTimestamp: formatTime(now) },
    spec: {
      audiences: spec.audiences !== undefined && spec.audiences.length > 0 ? spec.audiences : options.audiences,
      expirationSeconds: seconds,
      ...(spec.boundObjectRef === undefined ? {} : { boundObjectRef: spec.boundObjectRef }),
    },
    status: { token: "" },
  };
}

/** Finds the objects a token may be bound to, in the service account's namespace. */
export interface BoundObjects {
  pod(name: string): Pod | undefined;
  secret(name: string): Secret | undefined;
  node(name: string): Node | undefined;
}

export interface TokenGrant {
  /** What to sign. */
  readonly claims: ServiceAccountClaims;
  /** The answer, but for `status.token`. */
  readonly response: TokenRequest;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** Decides what a completed request is granted. `tokenId` is a new UUID. Refusals are ApiErrors. */
export function grantToken(
  request: TokenRequest,
  objects: BoundObjects,
  options: TokenRequestOptions,
  { now, tokenId }: { readonly now: number; readonly tokenId: string },
): TokenGrant {
  const { name = "", namespace = "", uid = "" } = request.metadata;
  const { audiences = [], boundObjectRef } = request.spec;
  const bound: Bound = boundObjectRef === undefined ? {} : bindObject(boundObjectRef, name, objects);
  let seconds = request.spec.expirationSeconds ?? defaultExpirationSeconds;
  const warnings: string[] = [];
  const { maxExpirationSeconds: limit } = options;
  if (limit !== undefined && limit > 0 && seconds > limit) {
    warnings.push(`requested expiration of ${seconds} seconds shortened to ${limit} seconds`);
    seconds = limit;
  }
  const extended =
    options.extendExpiration &&
    bound.pod !== undefined &&
    seconds === warnOnlyExpirationSeconds &&
    audiences.every((audience) => options.audiences.includes(audience));
  const issuedAt = Math.floor(now / 1000);
  // Whatever the limit: nobody has asked for that long.
  const lifetime = extended ? (options.maxExtendedExpirationSeconds ?? extendedExpirationSeconds) : seconds;
  return {
    claims: {
      issuer: options.issuer,
      subject: serviceAccountUsername(namespace, name),
      audiences,
      issuedAt,
      notBefore: issuedAt,
      expiry: issuedAt + lifetime,
      id: tokenId,
      namespace,
      serviceAccount: { name, uid },
      ...bound,
      ...(extended ? { warnAfter: issuedAt + seconds } : {}),
    },
    response: {
      ...request,
      spec: { ...request.spec, expirationSeconds: seconds },
      status: { token: "", expirationTimestamp: formatTime(now + seconds * 1000) },
    },
    warnings,
    auditAnnotations: { "authentication.kubernetes.io/issued-credential-id": credentialId(tokenId) },
  };
}

type Bound = Pick<ServiceAccountClaims, "pod" | "secret" | "node">;

function bindObject(ref: BoundObjectReference, account: string, objects: BoundObjects): Bound {
  const { kind = "", apiVersion = "", name = "" } = ref;
  const slash = apiVersion.indexOf("/");
  const [refGroup, version] = slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  if (refGroup !== "" || (kind !== "Pod" && kind !== "Node" && kind !== "Secret")) {
    throw ApiError.badRequest(`cannot bind token to object of type ${refGroup}/${version}, Kind=${kind}`);
  }
  if (kind === "Secret") return { secret: matching(ref, "secrets", objects.secret(name)) };
  if (kind === "Node") return { node: matching(ref, "nodes", objects.node(name)) };
  const pod = objects.pod(name);
  if (pod !== undefined && pod.spec.serviceAccountName !== account) {
    throw ApiError.badRequest(
      `cannot bind token for serviceaccount ${goQuote(account)} to pod running with different serviceaccount name.`,
    );
  }
  const found = matching(ref, "pods", pod);
  const nodeName = pod?.spec.nodeName ?? "";
  // A node that has gone is still named, so that who inspects the token learns where the pod ran.
  return nodeName === ""
    ? { pod: found }
    : { pod: found, node: { name: nodeName, uid: objects.node(nodeName)?.metadata.uid ?? "" } };
}

function matching(ref: BoundObjectReference, resource: string, object: ApiObject | undefined): ObjectRef {
  const { kind = "", name = "" } = ref;
  if (object === undefined) throw ApiError.notFound({ group: "", resource }, name);
  const uid = object.metadata.uid ?? "";
  if (ref.uid && ref.uid !== uid) {
    const message = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw ApiError.conflict({ group: "", resource: kind }, name, message);
  }
  return { name, uid };
}
