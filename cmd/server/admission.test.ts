import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { admissionOfFlags } from "./admission.ts";

test("plugins are chosen by flags, unknown ones refused", () => {
  assert.deepEqual(admissionOfFlags({}), { enable: [], disable: [] });
  const flags = { enableAdmissionPlugins: "AlwaysPullImages,EventRateLimit", disableAdmissionPlugins: "PodSecurity" };
  assert.deepEqual(admissionOfFlags(flags), {
    enable: ["AlwaysPullImages", "EventRateLimit"],
    disable: ["PodSecurity"],
  });
  assert.throws(() => admissionOfFlags({ enableAdmissionPlugins: "Foo" }), {
    message: 'enable-admission-plugins plugin "Foo" is unknown',
  });
});

test("plugins' files are found beside the file that names them", () => {
  const directory = mkdtempSync(join(tmpdir(), "k8ts-admission-"));
  try {
    const file = join(directory, "admission.yaml");
    const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n";
    writeFileSync(file, `${head}plugins: [{name: PodSecurity, path: pods.yaml}]\n`);
    const pods =
      "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults: {enforce: LEVEL}\n";
    writeFileSync(join(directory, "pods.yaml"), pods.replace("LEVEL", "baseline"));
    const { configurations } = admissionOfFlags({ admissionControlConfigFile: file });
    assert.deepEqual(configurations?.podSecurity?.defaults, { enforce: "baseline" });
    writeFileSync(join(directory, "pods.yaml"), pods.replace("LEVEL", "strict"));
    assert.throws(() => admissionOfFlags({ admissionControlConfigFile: file }), {
      message: `the admission control configuration ${file} cannot be used: PodSecurity: defaults.enforce: Invalid value: "strict": must be one of privileged, baseline, restricted`,
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
