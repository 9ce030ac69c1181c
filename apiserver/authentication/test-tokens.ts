import { generateKeyPairSync } from "node:crypto";
import type { TokenRequest } from "../../api/generated/types/authentication-v1.ts";
import type { Node, Pod, Secret, ServiceAccount } from "../../api/generated/types/core-v1.ts";
import { defineResource } from "../../apimachinery/resource/define.ts";
import type { ObjectSchema } from "../../apimachinery/schema/schema.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import type { Authenticated } from "./authenticator.ts";
import { JwtSigner } from "./jwt.ts";
import {
  ServiceAccountTokenAuthenticator,
  type ServiceAccountTokenOptions,
  type TokenDefinitions,
} from "./service-account-tokens.ts";
import { type IssuedToken, TokenIssuer } from "./token-issuer.ts";
import { ownTokenKeys } from "./token-keys.ts";

const schema = (): ObjectSchema => ({ type: "object", fields: new Map() });
const base = { group: "", version: "v1", schema };

export const testDefinitions: TokenDefinitions = {
  serviceAccount: defineResource<ServiceAccount>({
    ...base,
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    scope: "Namespaced",
  }),
  pod: defineResource<Pod>({ ...base, kind: "Pod", plural: "pods", scope: "Namespaced" }),
  secret: defineResource<Secret>({ ...base, kind: "Secret", plural: "secrets", scope: "Namespaced" }),
  node: defineResource<Node>({ ...base, kind: "Node", plural: "nodes", scope: "Cluster" }),
};

const ecKey = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
export const issuer = "https://kubernetes.default.svc.cluster.local";
export const audiences = [issuer];
export const startMs = Date.parse("2026-05-01T12:00:00Z");

/** A service account `red/robot` with a pod `runner` on node `n1`, and who signs and checks its tokens. */
export function tokenSetUp(change: Partial<ServiceAccountTokenOptions> = {}) {
  const clock = new VirtualClock({ startMs });
  const objects = new MemoryObjects();
  objects.set(testDefinitions.serviceAccount, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { namespace: "red", name: "robot", uid: "sa-1" },
  });
  objects.set(testDefinitions.node, { apiVersion: "v1", kind: "Node", metadata: { name: "n1", uid: "node-1" } });
  objects.set(testDefinitions.pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "red", name: "runner", uid: "pod-1" },
    spec: { serviceAccountName: "robot", nodeName: "n1", containers: [] },
  });
  const signer = new JwtSigner(ecKey);
  const options = { issuer, audiences, extendExpiration: true };
  const common = { reader: objects, definitions: testDefinitions, clock };
  const tokenIssuer = new TokenIssuer({ options, signer, random: new SeededRandom(1), ...common });
  const keys = ownTokenKeys(ecKey);
  const authenticator = new ServiceAccountTokenAuthenticator({
    issuers: [issuer],
    keys,
    audiences,
    ...common,
    ...change,
  });
  return {
    clock,
    objects,
    signer,
    options,
    signingKey: ecKey,
    account: () => objects.get(testDefinitions.serviceAccount, "red", "robot"),
    issuer: { issue: (request: TokenRequest) => tokenIssuer.issue(request) as IssuedToken },
    authenticator: {
      authenticateToken: (...asked: Parameters<typeof authenticator.authenticateToken>) =>
        authenticator.authenticateToken(...asked) as Authenticated | undefined,
    },
  };
}
