import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { nameColumn, textColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { formatLabels } from "../../labels-text.ts";
import { containerImages, containerNames } from "../../template-columns.ts";
import { setTemplateDefaults } from "./pod/defaults.ts";
import { dropDisabledTemplateFields } from "./pod/disabled-fields.ts";
import type { Check } from "./pod/validation/check.ts";
import { templateOptions } from "./pod/validation/options.ts";
import { validatePodTemplate } from "./pod/validation/template.ts";
import { isNewGeneration, templateWarnings } from "./pod/warnings.ts";

export type PodTemplate = types.PodTemplate;

const templatePath = path("template");

/** What pods are made from, on its own. */
export const PodTemplate = defineResource<PodTemplate>({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.core.v1.PodTemplate"),
  generation: true,
  returnDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Containers", ({ template }) => containerNames(template)),
    textColumn("Images", ({ template }) => containerImages(template)),
    textColumn("Pod Labels", ({ template }) => formatLabels(template?.metadata?.labels)),
  ],
  setDefaults: changing(({ template }) => setTemplateDefaults(template)),
  prepareForCreate: changing(({ template }) => dropDisabledTemplateFields(template, undefined)),
  prepareForUpdate: changing(({ template }, old) => dropDisabledTemplateFields(template, old.template)),
  validate({ template }, old) {
    const check: Check = { errors: [], options: templateOptions(old?.template) };
    validatePodTemplate(check, template, templatePath);
    return check.errors;
  },
  warnings: (object, old) => (isNewGeneration(object, old) ? templateWarnings(object.template, templatePath) : []),
});
