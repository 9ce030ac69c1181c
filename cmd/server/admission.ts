import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { readPluginConfigurations } from "../../apiserver/admission/plugin-configuration.ts";
import { type AdmissionSettings, selectionErrors } from "../../apiserver/admission/selection.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";

/** Which admission plugins run, and how, as the flags say. What cannot be used is a CommandError. */
export function admissionOfFlags(
  flags: Pick<ServerFlags, "enableAdmissionPlugins" | "disableAdmissionPlugins" | "admissionControlConfigFile">,
): AdmissionSettings {
  const names = (text = ""): string[] => text.split(",").filter((name) => name !== "");
  const selection = { enable: names(flags.enableAdmissionPlugins), disable: names(flags.disableAdmissionPlugins) };
  const errors = selectionErrors(selection);
  if (errors.length > 0) throw new CommandError(errors.join("; "));
  const { admissionControlConfigFile: file } = flags;
  if (file === undefined) return selection;
  const read = (path: string): unknown => parseYaml(readFileSync(path, "utf8")).value;
  try {
    const configurations = readPluginConfigurations(read(file), (path) => read(resolve(dirname(file), path)));
    return { ...selection, configurations };
  } catch (error) {
    const text = `the admission control configuration ${file} cannot be used: ${(error as Error).message}`;
    throw new CommandError(text, { cause: error });
  }
}
