import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { type PluginConfigurations, readPluginConfigurations } from "../../apiserver/admission/plugin-configuration.ts";
import {
  type AdmissionSettings,
  type PluginKubeconfigs,
  selectionErrors,
} from "../../apiserver/admission/selection.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";
import { webhookServer, webhookUsers } from "./access/webhook-server.ts";

type AdmissionFlags = Pick<
  ServerFlags,
  "enableAdmissionPlugins" | "disableAdmissionPlugins" | "admissionControlConfigFile"
>;

/** Which admission plugins run, and how, as the flags say. What cannot be used is a CommandError. */
export async function admissionOfFlags(flags: AdmissionFlags): Promise<AdmissionSettings> {
  const names = (text = ""): string[] => text.split(",").filter((name) => name !== "");
  const selection = { enable: names(flags.enableAdmissionPlugins), disable: names(flags.disableAdmissionPlugins) };
  const errors = selectionErrors(selection);
  if (errors.length > 0) throw new CommandError(errors.join("; "));
  const { admissionControlConfigFile: file } = flags;
  const configurations = file === undefined ? {} : await configurationsOf(file);
  if (selection.enable.includes("ImagePolicyWebhook") && configurations.configurations?.imagePolicy === undefined) {
    throw new CommandError(`couldn't init admission plugin "ImagePolicyWebhook": no config specified`);
  }
  return { ...selection, ...configurations };
}

async function configurationsOf(file: string): Promise<Pick<AdmissionSettings, "configurations" | "kubeconfigs">> {
  const read = (path: string): unknown => parseYaml(readFileSync(path, "utf8")).value;
  try {
    const configurations = readPluginConfigurations(read(file), (path) => read(resolve(dirname(file), path)));
    return { configurations, kubeconfigs: await kubeconfigsOf(configurations) };
  } catch (error) {
    const text = `the admission control configuration ${file} cannot be used: ${(error as Error).message}`;
    throw new CommandError(text, { cause: error });
  }
}

async function kubeconfigsOf(configurations: PluginConfigurations): Promise<PluginKubeconfigs> {
  const { imagePolicy, mutatingWebhooks, validatingWebhooks } = configurations;
  const users = async (field: string, file = "") => (file === "" ? {} : { [field]: await webhookUsers(file) });
  return {
    ...(imagePolicy === undefined ? {} : { imagePolicy: await webhookServer(imagePolicy.kubeConfigFile) }),
    ...(await users("mutatingWebhooks", mutatingWebhooks?.kubeConfigFile)),
    ...(await users("validatingWebhooks", validatingWebhooks?.kubeConfigFile)),
  };
}
