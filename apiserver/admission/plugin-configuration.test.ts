import assert from "node:assert/strict";
import { test } from "node:test";
import { Event } from "../../api/core/v1/event.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { eventRateLimit, eventRateLimitErrors } from "./off-by-default/event-rate-limit.ts";
import { readPluginConfigurations } from "./plugin-configuration.ts";
import { admitted, testAttributes } from "./test-attributes.ts";

const podSecurity = {
  apiVersion: "pod-security.admission.config.k8s.io/v1",
  kind: "PodSecurityConfiguration",
  defaults: { enforce: "baseline" },
};
const read = (plugins: readonly object[], files: Readonly<Record<string, unknown>> = {}) =>
  readPluginConfigurations(
    { apiVersion: "apiserver.config.k8s.io/v1", kind: "AdmissionConfiguration", plugins },
    (path) => files[path],
  );

test("plugins are configured in place or by files of their own", () => {
  const limits = {
    apiVersion: "eventratelimit.admission.k8s.io/v1alpha1",
    kind: "Configuration",
    limits: [{ type: "Server", qps: 1, burst: 1 }],
  };
  const quota = { apiVersion: "apiserver.config.k8s.io/v1", kind: "ResourceQuotaConfiguration", limitedResources: [] };
  const webhooks = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "WebhookAdmissionConfiguration",
    kubeConfigFile: "/x",
  };
  const selectors = { podNodeSelectorPluginConfig: { ns: "a=b" } };
  const plugins = [
    { name: "PodSecurity", configuration: podSecurity },
    { name: "EventRateLimit", path: "events.yaml" },
    { name: "ResourceQuota", configuration: quota },
    { name: "PodNodeSelector", path: "selectors.yaml" },
    { name: "ValidatingAdmissionWebhook", configuration: webhooks },
    { name: "ImagePolicyWebhook", configuration: { imagePolicy: { kubeConfigFile: "hook", denyTTL: -1 } } },
    { name: "NobodyKnows", configuration: {} },
  ];
  assert.deepEqual(read(plugins, { "events.yaml": limits, "selectors.yaml": selectors }), {
    podSecurity,
    eventRateLimit: limits,
    resourceQuota: quota,
    podNodeSelector: { ns: "a=b" },
    validatingWebhooks: { kubeConfigFile: "/x" },
    imagePolicy: {
      ...{ kubeConfigFile: "hook", defaultAllow: false },
      ...{ allowTtlMs: 300_000, denyTtlMs: 0, retryBackoffMs: 500 },
    },
  });
});

test("what is no configuration, or a wrong one, is told", () => {
  const nothing = () => undefined;
  assert.throws(() => readPluginConfigurations({ kind: "Pod", apiVersion: "v1" }, nothing), {
    message: 'no kind "Pod" is registered for version "v1"',
  });
  assert.throws(() => read([{ name: "PodSecurity", configuration: { kind: "Pod" } }]), {
    message: 'PodSecurity: no kind "Pod" is registered for version ""',
  });
  const wrong = { ...podSecurity, defaults: { enforce: "x" } };
  assert.throws(() => read([{ name: "PodSecurity", configuration: wrong }]), {
    message: 'PodSecurity: defaults.enforce: Invalid value: "x": must be one of privileged, baseline, restricted',
  });
});

test("limits of events are whole and of known types", () => {
  assert.deepEqual(eventRateLimitErrors({ limits: [{ type: "User", qps: 1, burst: 2 }] }), []);
  assert.deepEqual(
    eventRateLimitErrors({ limits: [{ type: "X", qps: 0, burst: 0, cacheSize: -1 }] }).map(({ field }) => field),
    ["limits[0].type", "limits[0].burst", "limits[0].qps", "limits[0].cacheSize"],
  );
  assert.deepEqual(
    eventRateLimitErrors({}).map(({ detail }) => detail),
    ["must not be empty"],
  );
});

test("events come no faster than their limits, each key for itself", async () => {
  const clock = new VirtualClock();
  const limits = [
    { type: "Namespace", qps: 1, burst: 2 },
    { type: "SourceAndObject", qps: 10, burst: 1 },
  ];
  const plugin = eventRateLimit(clock, { limits });
  const send = (namespace: string, component: string) => {
    const event = { metadata: { name: "e", namespace }, source: { component }, involvedObject: { name: "p" } };
    return admitted(plugin, testAttributes(Event as never, event)).then(
      () => "",
      (error: Error) => error.message,
    );
  };
  assert.equal(await send("a", "x"), "");
  assert.equal(await send("a", "x"), "Too many requests: limit reached on type SourceAndObject for key xp");
  assert.equal(await send("a", "y"), "Too many requests: limit reached on type Namespace for key a");
  assert.equal(await send("b", "z"), "");
  await clock.advance(1_000);
  assert.equal(await send("a", "y"), "");
});

test("configurations of webhooks name absolute files, and times within bounds", () => {
  const refused = (name: string, configuration: object, message: string): void => {
    assert.throws(() => read([{ name, configuration }]), { message });
  };
  const head = { apiVersion: "apiserver.config.k8s.io/v1", kind: "WebhookAdmissionConfiguration" };
  refused(
    "MutatingAdmissionWebhook",
    { ...head, kubeConfigFile: "x" },
    'kubeConfigFile: Invalid value: "x": must be an absolute file path',
  );
  refused(
    "MutatingAdmissionWebhook",
    { ...head, staticManifestsDir: "/x" },
    "staticManifestsDir: Forbidden: staticManifestsDir requires the ManifestBasedAdmissionControlConfig feature gate to be enabled",
  );
  refused(
    "ValidatingAdmissionWebhook",
    { ...head, kubeconfig: "/x" },
    'strict decoding error: unknown field "kubeconfig"',
  );
  refused(
    "ImagePolicyWebhook",
    { imagePolicy: { allowTTL: 3_600 } },
    "valid value is between 1s and 30m0s, got 1h0m0s",
  );
  refused(
    "ImagePolicyWebhook",
    { imagePolicy: { retryBackoff: 600_000 } },
    "valid value is between 1ns and 5m0s, got 10m0s",
  );
});
