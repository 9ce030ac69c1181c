import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { humanDuration } from "../../../apimachinery/time/human-duration.ts";
import { isDNS1123Label } from "../../../apimachinery/validation/dns.ts";
import {
  labelSelectorHasInvalidLabelValue,
  validateLabelSelector,
} from "../../../apimachinery/validation/label-fields.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { setTemplateDefaults } from "../../core/v1/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../../core/v1/pod/disabled-fields.ts";
import type { Check } from "../../core/v1/pod/validation/check.ts";
import { templateOptions } from "../../core/v1/pod/validation/options.ts";
import { isNewGeneration, podNameWarnings } from "../../core/v1/pod/warnings.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/batch-v1.ts";
import { goMap } from "../../go-values.ts";
import { selectorOf } from "../../selector-of.ts";
import { selectorColumn, templateColumns } from "../../template-columns.ts";
import { isTrue } from "./job-conditions.ts";
import { generateSelector, validateGeneratedSelector } from "./job-selector.ts";
import { validateJobSpec } from "./job-spec.ts";
import { validateJobStatusUpdate } from "./job-status.ts";
import { validateJobSpecUpdate } from "./job-update.ts";
import { jobSpecWarnings } from "./job-warnings.ts";

// Rules: pkg/registry/batch/job/strategy.go, pkg/apis/batch/validation ValidateJob and below.

export type Job = types.Job;

const specPath = path("spec");

/** Pods that run until enough of them have succeeded. */
export const Job = defineResource<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.batch.v1.Job"),
  orphansDependents: true,
  subresources: { status: true },
  generation: true,
  columns: [
    nameColumn,
    textColumn("Status", statusText),
    textColumn("Completions", completionsText),
    textColumn("Duration", durationText),
    ageColumn,
    ...templateColumns<Job>(({ spec }) => spec.template),
    selectorColumn<Job>(({ spec }) => spec.selector),
  ],
  fieldSelectors: { "status.successful": ({ status }) => String(status.succeeded ?? 0) },
  setDefaults: changing(setDefaults),
  prepareForCreate: changing((job) => {
    if (job.spec === undefined) return;
    if (!job.spec.manualSelector) generateSelector(job);
    dropDisabledTemplateFields(job.spec.template, undefined);
  }),
  prepareForUpdate: changing(({ spec }, old) => dropDisabledTemplateFields(spec?.template, old.spec.template)),
  validate,
  *warnings(job, old) {
    if (old === undefined) yield* podNameWarnings(job.metadata.name ?? "");
    if (isNewGeneration(job, old)) yield* jobSpecWarnings(job.spec, specPath);
  },
});

function setDefaults({ metadata, spec }: Draft<Job>): void {
  if (spec === undefined) return;
  setTemplateDefaults(spec.template);
  if (spec.parallelism === undefined) {
    if (spec.completions === undefined) spec.completions = 1;
    spec.parallelism = 1;
  }
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined && metadata !== undefined && Object.keys(metadata.labels ?? {}).length === 0) {
    metadata.labels = { ...labels };
  }
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  spec.manualSelector ??= false;
}

function validate(job: Job, old: Job | undefined, { subresource }: RequestContext): readonly FieldError[] {
  const check: Check = { errors: [], options: templateOptions(old?.spec.template) };
  if (old !== undefined && subresource === "status") {
    validateJobStatusUpdate(check, job, old);
    return check.errors;
  }
  const hadPrefixedLabels =
    old === undefined ||
    ["batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"].every(
      (key) => old.spec.template?.metadata?.labels?.[key] !== undefined,
    );
  validateGeneratedSelector(check, job, { requirePrefixedLabels: hadPrefixedLabels });
  validateJobSpec(check, job.spec, specPath);
  validateSelector(check, job.spec, old);
  validateHostName(check, job);
  if (old === undefined) return check.errors;
  // Once more, as upstream tells what is wrong with a changed job.
  validateJobSpec(check, job.spec, specPath);
  validateSelector(check, job.spec, old);
  validateJobSpecUpdate(check, job, old);
  return check.errors;
}

function validateSelector(check: Check, { selector, template }: types.JobSpec, old: Job | undefined): void {
  const at = specPath.child("selector");
  if (selector === undefined) check.errors.push(required(at));
  const allowInvalidLabelValue = labelSelectorHasInvalidLabelValue(old?.spec.selector);
  check.errors.push(...validateLabelSelector(selector, at, { allowInvalidLabelValue }));
  const labels = template.metadata?.labels;
  if (selectorOf(selector)?.matches(labels) !== false) return;
  const detail = "`selector` does not match template `labels`";
  check.errors.push(invalid(specPath.child("template", "metadata", "labels"), goMap(labels), detail));
}

/** Pods of an indexed job have their index in their host names. */
function validateHostName(check: Check, { metadata, spec }: Job): void {
  if (spec.completionMode !== "Indexed" || !spec.completions || spec.completions < 0) return;
  const name = metadata.name ?? "";
  const last = `${name}-${spec.completions - 1}`;
  if (isDNS1123Label(last).length === 0) return;
  const detail = `will not able to create pod with invalid DNS label: ${last}`;
  check.errors.push(invalid(path("metadata", "name"), name, detail));
}

function statusText(job: Job): string {
  if (isTrue(job, "Complete")) return "Complete";
  if (isTrue(job, "Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find((type) => isTrue(job, type)) ?? "Running";
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  return (spec.parallelism ?? 0) > 1 ? `${succeeded}/1 of ${spec.parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: number): string {
  if (status.startTime === undefined) return "";
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}
