import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { readPluginConfigurations } from "../../apiserver/admission/plugin-configuration.ts";
import { auditEvaluator, parseAuditPolicy } from "../../apiserver/audit/policy.ts";
import { parseAuthenticationConfiguration } from "../../apiserver/authentication/openid/configuration.ts";
import { AbacAuthorizer } from "../../apiserver/authorization/abac/abac-authorizer.ts";
import { parsePolicyFile } from "../../apiserver/authorization/abac/policy-file.ts";
import { parseAuthorizationConfiguration } from "../../apiserver/authorization/configuration.ts";
import { parseEncryptionConfiguration } from "../../apiserver/encryption/configuration.ts";
import { answersOrSays, bent, cases, damaged, valueWith, within } from "../support/fuzz.ts";

interface File {
  readonly name: string;
  readonly read: (content: unknown) => unknown;
  readonly sample: object;
  readonly words?: readonly string[];
}

const config = "apiserver.config.k8s.io/v1";
const webhook = {
  timeout: "3s",
  subjectAccessReviewVersion: "v1",
  matchConditionSubjectAccessReviewVersion: "v1",
  failurePolicy: "Deny",
  authorizedTTL: "5m",
  unauthorizedTTL: "30s",
  connectionInfo: { type: "KubeConfigFile", kubeConfigFile: "/f" },
  matchConditions: [{ expression: "request.user == 'a'" }],
};
const files: readonly File[] = [
  {
    name: "EncryptionConfiguration",
    read: parseEncryptionConfiguration,
    sample: {
      apiVersion: config,
      kind: "EncryptionConfiguration",
      resources: [
        {
          resources: ["secrets", "*.apps"],
          providers: [
            { aescbc: { keys: [{ name: "k", secret: Buffer.alloc(32).toString("base64") }] } },
            { kms: { apiVersion: "v2", name: "m", endpoint: "unix:///s", timeout: "3s" } },
            { identity: {} },
          ],
        },
      ],
    },
    words: ["*.", "*.*", "unix://", "1h", "AAAA", "v2"],
  },
  {
    name: "AuthorizationConfiguration",
    read: parseAuthorizationConfiguration,
    sample: {
      apiVersion: config,
      kind: "AuthorizationConfiguration",
      authorizers: [
        { type: "Node", name: "node" },
        { type: "Webhook", name: "w", webhook },
      ],
    },
    words: ["RBAC", "Webhook", "1ns", "request.", "has(", "((((", "InClusterConfig"],
  },
  {
    name: "AuthenticationConfiguration",
    read: parseAuthenticationConfiguration,
    sample: {
      apiVersion: config,
      kind: "AuthenticationConfiguration",
      jwt: [
        {
          issuer: {
            url: "https://i",
            discoveryURL: "https://d",
            certificateAuthority: "x",
            audiences: ["a"],
            audienceMatchPolicy: "MatchAny",
          },
          claimValidationRules: [{ expression: "claims.a == 'b'", message: "m" }],
          claimMappings: {
            username: { claim: "sub", prefix: "" },
            groups: { expression: "claims.groups" },
            uid: { claim: "u" },
            extra: [{ key: "a/b", valueExpression: "claims.c" }],
          },
          userValidationRules: [{ expression: "user.username != ''", message: "m" }],
        },
      ],
      anonymous: { enabled: true, conditions: [{ path: "/healthz" }] },
    },
  },
  {
    name: "audit Policy",
    read(content) {
      const decide = auditEvaluator(parseAuditPolicy(content));
      const resource = {
        verb: "get",
        apiGroup: "apps",
        apiVersion: "v1",
        resource: "deployments",
        subresource: "",
        namespace: "n",
        name: "d",
        path: "/x",
        isResourceRequest: true,
      };
      return decide({ user: { username: "u", groups: ["g"] }, ...resource } as never);
    },
    sample: {
      apiVersion: "audit.k8s.io/v1",
      kind: "Policy",
      omitStages: ["RequestReceived"],
      omitManagedFields: true,
      rules: [
        {
          level: "Request",
          users: ["a"],
          userGroups: ["b"],
          verbs: ["get"],
          resources: [{ group: "apps", resources: ["deployments/*"], resourceNames: ["x"] }],
          namespaces: ["n"],
          omitStages: ["Panic"],
        },
        { level: "None", nonResourceURLs: ["/healthz*"] },
        { level: "Metadata" },
      ],
    },
    words: ["Request", "/a*", "*/b", "Metadata", "ResponseComplete"],
  },
  {
    name: "AdmissionConfiguration",
    read: (content) => readPluginConfigurations(content, () => ({ podNodeSelectorPluginConfig: { a: "b=c" } })),
    sample: {
      apiVersion: config,
      kind: "AdmissionConfiguration",
      plugins: [
        {
          name: "PodSecurity",
          configuration: {
            apiVersion: "pod-security.admission.config.k8s.io/v1",
            kind: "PodSecurityConfiguration",
            defaults: { enforce: "baseline", "enforce-version": "latest" },
            exemptions: { usernames: ["a"], namespaces: ["b"], runtimeClasses: ["c"] },
          },
        },
        {
          name: "ResourceQuota",
          configuration: {
            apiVersion: config,
            kind: "ResourceQuotaConfiguration",
            limitedResources: [
              {
                apiGroup: "",
                resource: "pods",
                matchContains: ["cpu"],
                matchScopes: [{ scopeName: "PriorityClass", operator: "In", values: ["x"] }],
              },
            ],
          },
        },
        {
          name: "EventRateLimit",
          configuration: {
            apiVersion: "eventratelimit.admission.k8s.io/v1alpha1",
            kind: "Configuration",
            limits: [{ type: "Namespace", qps: 5, burst: 10, cacheSize: 100 }],
          },
        },
        {
          name: "PodTolerationRestriction",
          configuration: {
            apiVersion: "podtolerationrestriction.admission.k8s.io/v1alpha1",
            kind: "Configuration",
            default: [{ key: "a" }],
            whitelist: [{ key: "b", operator: "Exists" }],
          },
        },
        { name: "PodNodeSelector", path: "/f" },
        {
          name: "ImagePolicyWebhook",
          configuration: { imagePolicy: { kubeConfigFile: "/f", allowTTL: 30, denyTTL: -1, defaultAllow: true } },
        },
        {
          name: "MutatingAdmissionWebhook",
          configuration: { apiVersion: config, kind: "WebhookAdmissionConfiguration", kubeConfigFile: "/f" },
        },
      ],
    },
    words: ["latest", "restricted", "v1.99", "PodSecurity", "Server"],
  },
  {
    name: "ABAC policy",
    read: (content) => {
      const policies = parsePolicyFile(JSON.stringify(content) ?? "", "f");
      const user = { username: "a", groups: ["b"] };
      return new AbacAuthorizer(policies).rulesFor(user, "n");
    },
    sample: {
      apiVersion: "abac.authorization.kubernetes.io/v1beta1",
      kind: "Policy",
      spec: {
        user: "a",
        group: "b",
        readonly: true,
        apiGroup: "*",
        resource: "pods",
        namespace: "n",
        nonResourcePath: "/x*",
      },
    },
    words: ["*", "/", "**", "Policy"],
  },
];

describe("the server's own configuration files take whatever is written there", () => {
  for (const { name, read, sample, words = [] } of files) {
    test(`${name}: used, or refused in words that are not the language's own`, within(20_000), () => {
      assert.doesNotThrow(() => read(structuredClone(sample)));
      const keys = [...JSON.stringify(sample).matchAll(/"([A-Za-z-]+)":/g)].map(([, key]) => key!);
      fc.assert(
        fc.property(
          fc.oneof(
            { weight: 5, arbitrary: bent([sample], valueWith(keys, words)) },
            { weight: 1, arbitrary: valueWith(keys, words) },
          ),
          (content) => {
            answersOrSays(() => read(content));
          },
        ),
        cases(1_500),
      );
      fc.assert(
        fc.property(
          damaged([JSON.stringify(sample, null, 1)], ["\n", ": ", "- ", "{", "*", "&a"]).map(String),
          (text) => {
            answersOrSays(() => read(parseYaml(text).value));
          },
        ),
        cases(300),
      );
    });
  }
});
