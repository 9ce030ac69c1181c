import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { admissionOfFlags } from "./admission.ts";

test("plugins are chosen by flags, unknown ones refused", async () => {
  assert.deepEqual(await admissionOfFlags({}), { enable: [], disable: [] });
  const flags = { enableAdmissionPlugins: "AlwaysPullImages,EventRateLimit", disableAdmissionPlugins: "PodSecurity" };
  assert.deepEqual(await admissionOfFlags(flags), {
    enable: ["AlwaysPullImages", "EventRateLimit"],
    disable: ["PodSecurity"],
  });
  await assert.rejects(admissionOfFlags({ enableAdmissionPlugins: "Foo" }), {
    message: 'enable-admission-plugins plugin "Foo" is unknown',
  });
});

test("plugins' files are found beside the file that names them", async () => {
  const directory = mkdtempSync(join(tmpdir(), "k8ts-admission-"));
  try {
    const file = join(directory, "admission.yaml");
    const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n";
    writeFileSync(file, `${head}plugins: [{name: PodSecurity, path: pods.yaml}]\n`);
    const pods =
      "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults: {enforce: LEVEL}\n";
    writeFileSync(join(directory, "pods.yaml"), pods.replace("LEVEL", "baseline"));
    const { configurations } = await admissionOfFlags({ admissionControlConfigFile: file });
    assert.deepEqual(configurations?.podSecurity?.defaults, { enforce: "baseline" });
    writeFileSync(join(directory, "pods.yaml"), pods.replace("LEVEL", "strict"));
    await assert.rejects(admissionOfFlags({ admissionControlConfigFile: file }), {
      message: `the admission control configuration ${file} cannot be used: PodSecurity: defaults.enforce: Invalid value: "strict": must be one of privileged, baseline, restricted`,
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("kubeconfigs that the file names are read: whom ImagePolicyWebhook asks, and as whom webhooks are called", async () => {
  const directory = mkdtempSync(join(tmpdir(), "k8ts-admission-"));
  const path = (name: string): string => join(directory, name);
  try {
    writeFileSync(path("token"), "from a file\n");
    const kubeconfig = {
      ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
      clusters: [{ name: "images", cluster: { server: "https://images.example.com/policy" } }],
      users: [
        { name: "*.svc", user: { token: "secret" } },
        { name: "me", user: { tokenFile: "token" } },
      ],
      contexts: [{ name: "c", context: { cluster: "images", user: "me" } }],
    };
    writeFileSync(path("hooks.conf"), JSON.stringify(kubeconfig));
    const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n";
    const hooks = `{apiVersion: apiserver.config.k8s.io/v1, kind: WebhookAdmissionConfiguration, kubeConfigFile: ${path("hooks.conf")}}`;
    writeFileSync(
      path("admission.yaml"),
      `${head}plugins: [{name: MutatingAdmissionWebhook, configuration: ${hooks}}, {name: ImagePolicyWebhook, configuration: {imagePolicy: {kubeConfigFile: ${path("hooks.conf")}}}}]`,
    );
    const flags = { admissionControlConfigFile: path("admission.yaml"), enableAdmissionPlugins: "ImagePolicyWebhook" };
    const { kubeconfigs } = await admissionOfFlags(flags);
    const users = new Map([
      ["*.svc", { token: "secret" }],
      ["me", { token: "from a file" }],
    ]);
    assert.deepEqual(kubeconfigs, {
      imagePolicy: { server: "https://images.example.com/policy", credentials: { token: "from a file" } },
      mutatingWebhooks: { users, currentUser: "me" },
    });
    await assert.rejects(admissionOfFlags({ enableAdmissionPlugins: "ImagePolicyWebhook" }), {
      message: 'couldn\'t init admission plugin "ImagePolicyWebhook": no config specified',
    });
    rmSync(path("hooks.conf"));
    await assert.rejects(admissionOfFlags(flags), /the admission control configuration .* cannot be used: ENOENT/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
