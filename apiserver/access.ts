import { type KeyObject, X509Certificate } from "node:crypto";
import { Node } from "../api/core/v1/node.ts";
import { PersistentVolume } from "../api/core/v1/persistent-volume.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { Secret, type Secret as SecretObject } from "../api/core/v1/secret.ts";
import { ServiceAccount } from "../api/core/v1/service-account.ts";
import { ClusterRole } from "../api/rbac/v1/cluster-role.ts";
import { ClusterRoleBinding } from "../api/rbac/v1/cluster-role-binding.ts";
import { Role } from "../api/rbac/v1/role.ts";
import { RoleBinding } from "../api/rbac/v1/role-binding.ts";
import { ResourceSlice } from "../api/resource/v1/dynamic-resources.ts";
import { VolumeAttachment } from "../api/storage/v1/volume-attachment.ts";
import { certificateBlocks } from "../apimachinery/x509/bundle.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Authenticator, TokenAuthenticator } from "./authentication/authenticator.ts";
import { BearerAuthenticator, WebSocketBearerAuthenticator } from "./authentication/bearer.ts";
import { BootstrapTokenAuthenticator } from "./authentication/bootstrap-token.ts";
import { RequestAuthentication, unionTokens } from "./authentication/chain.ts";
import { lastUsedLabel } from "./authentication/legacy-token.ts";
import { currentOpenIdDocuments, type DiscoveryDocument } from "./authentication/oidc-discovery.ts";
import { RequestHeaderAuthenticator } from "./authentication/request-header.ts";
import { ServiceAccountTokenMetrics } from "./authentication/service-account-token-metrics.ts";
import { ServiceAccountTokenAuthenticator } from "./authentication/service-account-tokens.ts";
import { TokenIssuer } from "./authentication/token-issuer.ts";
import { ownTokenKeys, type TokenKeys } from "./authentication/token-keys.ts";
import { X509Authenticator } from "./authentication/x509.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import { NodeAuthorizer } from "./authorization/node/node-authorizer.ts";
import { NodeGraph } from "./authorization/node/node-graph.ts";
import { RbacAuthorizer } from "./authorization/rbac/rbac-authorizer.ts";
import { RuleIndex } from "./authorization/rbac/rule-index.ts";
import { type AuthorizationMode, ReloadableAuthorizer } from "./authorization/reloadable.ts";
import type { ObjectReader, ObjectWriter } from "./registry/access.ts";

/** How the server knows its users and what they may. */
export interface AccessOptions {
  /** PEM of the authorities of client certificates. */
  readonly clientCa: string;
  /** PEM of the authorities of front proxies; they may speak for others under these common names. */
  readonly requestHeaderCa?: string;
  readonly requestHeaderAllowedNames?: readonly string[];
  readonly serviceAccounts: {
    /** An https URL; the `iss` of tokens. */
    readonly issuer: string;
    readonly signingKey: KeyObject;
    /** Somebody else signs, and says whose signatures are believed: neither is any key that is named here. */
    readonly keys?: TokenKeys;
    /** Keys whose tokens are still accepted, beside the signing key's. */
    readonly otherKeys?: readonly KeyObject[];
    /** Issuers whose tokens are still accepted. */
    readonly otherIssuers?: readonly string[];
    /** Default: all issuers. */
    readonly audiences?: readonly string[];
    /** Longer requests are shortened to this; absent: no limit. */
    readonly maxExpirationSeconds?: number;
    /** Pods' tokens live a year, or this long. Default true. */
    readonly extendExpiration?: boolean;
    readonly maxExtendedExpirationSeconds?: number;
    /** Where others find the keys, if not on this server. */
    readonly keysUrl?: string;
  };
  /** Fixed tokens, asked before all other kinds. */
  readonly fixedTokens?: TokenAuthenticator;
  /** Further kinds of bearer tokens, asked after the server's own. */
  readonly furtherTokens?: readonly TokenAuthenticator[];
  /** Requests without a credential are `system:anonymous`, or only those to these paths. */
  readonly anonymous: boolean | readonly string[];
  readonly authorizationModes: readonly AuthorizationMode[];
  readonly externalAddress: string;
}

/** The parts that decide who may, made once from the options and the server's own objects. */
export interface Access {
  readonly authenticator: Authenticator;
  readonly tokens: TokenAuthenticator;
  readonly audiences: readonly string[];
  readonly authorizer: Authorizer;
  readonly rules: RuleIndex;
  readonly tokenIssuer: TokenIssuer;
  readonly openIdDocuments: readonly DiscoveryDocument[];
  /** Decides by other modes from the next request on. */
  setAuthorizationModes(modes: readonly AuthorizationMode[]): void;
  /** Takes certificates of other authorities from the next request on. */
  setAuthorities(authorities: Pick<AccessOptions, "clientCa" | "requestHeaderCa">): void;
}

function authoritiesOf(pem: string | undefined): readonly X509Certificate[] {
  return certificateBlocks(pem ?? "").map((one) => new X509Certificate(one));
}

export function accessOf(
  options: AccessOptions,
  objects: ObjectReader & ObjectWriter,
  deps: {
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly metrics: MetricsRegistry;
  },
): Access {
  const { clock, random, logger } = deps;
  const reader: ObjectReader = objects;
  const { issuer, otherIssuers = [], signingKey, otherKeys = [], keysUrl } = options.serviceAccounts;
  const { maxExpirationSeconds, extendExpiration = true, maxExtendedExpirationSeconds } = options.serviceAccounts;
  const audiences = options.serviceAccounts.audiences ?? [issuer, ...otherIssuers];
  const keys = options.serviceAccounts.keys ?? ownTokenKeys(signingKey, otherKeys);
  const definitions = { serviceAccount: ServiceAccount, pod: Pod, secret: Secret, node: Node };
  const tokens = unionTokens(
    ...(options.fixedTokens === undefined ? [] : [options.fixedTokens]),
    new ServiceAccountTokenAuthenticator({
      issuers: [issuer, ...otherIssuers],
      keys,
      audiences,
      reader,
      definitions,
      clock,
      metrics: new ServiceAccountTokenMetrics(deps.metrics),
      onLegacyTokenUsed: (secret, day) => noteUse(objects, secret, day, logger),
    }),
    new BootstrapTokenAuthenticator(reader, Secret, clock),
    ...(options.furtherTokens ?? []),
  );
  const rules = new RuleIndex(reader, {
    clusterRole: ClusterRole,
    clusterRoleBinding: ClusterRoleBinding,
    role: Role,
    roleBinding: RoleBinding,
  });
  const tokenIssuer = new TokenIssuer({
    options: {
      issuer,
      audiences,
      extendExpiration,
      ...(maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }),
      ...(maxExtendedExpirationSeconds === undefined ? {} : { maxExtendedExpirationSeconds }),
    },
    signer: keys,
    reader,
    definitions,
    clock,
    random,
  });
  const authorizer = authorizerOf(options.authorizationModes, reader, rules, deps.metrics);
  const authorities = { client: authoritiesOf(options.clientCa), proxy: authoritiesOf(options.requestHeaderCa) };
  return {
    authenticator: requestAuthentication(options, { tokens, audiences, clock, authorities }),
    tokens,
    audiences,
    authorizer,
    rules,
    tokenIssuer,
    openIdDocuments: currentOpenIdDocuments(keys, {
      issuer,
      externalAddress: options.externalAddress,
      ...(keysUrl === undefined ? {} : { keysUrl }),
    }),
    setAuthorizationModes: (modes) => authorizer.set(modes),
    setAuthorities({ clientCa, requestHeaderCa }) {
      authorities.client = authoritiesOf(clientCa);
      authorities.proxy = authoritiesOf(requestHeaderCa);
    },
  };
}

/** Notes on a secret the day its token was last used; nobody waits for that, and a failure is tried again at the next use. */
function noteUse(writer: ObjectWriter, secret: SecretObject, day: string, logger: Logger): void {
  const labels = { ...secret.metadata.labels, [lastUsedLabel]: day };
  writer.update(Secret, { ...secret, metadata: { ...secret.metadata, labels } }).catch((error: unknown) => {
    logger.warn("the use of a token could not be noted", { secret: secret.metadata.name, error });
  });
}

interface AuthenticationParts {
  readonly tokens: TokenAuthenticator;
  readonly audiences: readonly string[];
  readonly clock: Clock;
  /** Others take their place. */
  readonly authorities: { readonly client: readonly X509Certificate[]; readonly proxy: readonly X509Certificate[] };
}

function requestAuthentication(options: AccessOptions, parts: AuthenticationParts): Authenticator {
  const { tokens, audiences, clock, authorities } = parts;
  const proxy = new RequestHeaderAuthenticator({
    authorities: () => authorities.proxy,
    allowedNames: options.requestHeaderAllowedNames ?? ["front-proxy-client"],
    clock,
  });
  return new RequestAuthentication({
    authenticators: [
      ...(authorities.proxy.length === 0 ? [] : [proxy]),
      new X509Authenticator({ authorities: () => authorities.client, clock }),
      new BearerAuthenticator(tokens),
      new WebSocketBearerAuthenticator(tokens),
    ],
    anonymous: options.anonymous,
    audiences,
  });
}

const nodeDefinitions = {
  pods: Pod,
  persistentVolumes: PersistentVolume,
  volumeAttachments: VolumeAttachment,
  resourceSlices: ResourceSlice,
};

const alwaysAllow: Authorizer = {
  name: "AlwaysAllow",
  authorize: () => ({ decision: "allow", reason: "" }),
  rulesFor: () => ({
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
    incomplete: false,
  }),
};

const alwaysDeny: Authorizer = {
  name: "AlwaysDeny",
  authorize: () => ({ decision: "noOpinion", reason: "Everything is forbidden." }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};

function authorizerOf(
  modes: readonly AuthorizationMode[],
  reader: ObjectReader,
  rules: RuleIndex,
  metrics: MetricsRegistry,
): ReloadableAuthorizer {
  const make = {
    Node: () => new NodeAuthorizer(new NodeGraph(reader, nodeDefinitions)),
    RBAC: () => new RbacAuthorizer(rules),
    AlwaysAllow: () => alwaysAllow,
    AlwaysDeny: () => alwaysDeny,
  };
  return new ReloadableAuthorizer(modes, make, metrics);
}
