import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { ageOf } from "../../../apimachinery/time/time.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { setTemplateDefaults } from "../../core/v1/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../../core/v1/pod/disabled-fields.ts";
import { type Check, checkChoice, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import { templateOptions } from "../../core/v1/pod/validation/options.ts";
import { isNewGeneration, podNameWarnings } from "../../core/v1/pod/warnings.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/batch-v1.ts";
import { goSelector } from "../../go-values.ts";
import { selectorColumn, templateColumns } from "../../template-columns.ts";
import { validateJobSpec } from "./job-spec.ts";
import { jobSpecWarnings } from "./job-warnings.ts";
import { isTimeZone, parseSchedule, ScheduleError } from "./schedule.ts";

// Rules: pkg/registry/batch/cronjob/strategy.go, pkg/apis/batch/validation ValidateCronJobCreate and below.

export type CronJob = types.CronJob;

const specPath = path("spec");
const jobTemplatePath = specPath.child("jobTemplate");
const jobSpecPath = jobTemplatePath.child("spec");
const concurrencyPolicies = ["Allow", "Forbid", "Replace"];
/** Its jobs' names are its own and eleven characters. */
const maxNameBytes = 52;

/** Jobs by the clock. */
export const CronJob = defineResource<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
  categories: ["all"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.batch.v1.CronJob"),
  subresources: { status: true },
  generation: true,
  columns: [
    nameColumn,
    textColumn("Schedule", ({ spec }) => spec.schedule),
    textColumn("Timezone", ({ spec }) => spec.timeZone ?? "<none>"),
    {
      name: "Suspend",
      type: "boolean",
      cell: ({ spec: { suspend } }) => (suspend === undefined ? "<unset>" : suspend ? "True" : "False"),
    },
    { name: "Active", type: "integer", cell: ({ status }) => status.active?.length ?? 0 },
    textColumn("Last Schedule", ({ status: { lastScheduleTime } }, now) =>
      lastScheduleTime === undefined ? "<none>" : ageOf(lastScheduleTime, now),
    ),
    ageColumn,
    ...templateColumns<CronJob>(({ spec }) => spec.jobTemplate?.spec?.template),
    selectorColumn<CronJob>(({ spec }) => spec.jobTemplate?.spec?.selector),
  ],
  setDefaults: changing(({ spec }) => setTemplateDefaults(spec?.jobTemplate?.spec?.template)),
  prepareForCreate: changing(({ spec }) => dropDisabledTemplateFields(spec?.jobTemplate?.spec?.template, undefined)),
  prepareForUpdate: changing(({ spec }, old) =>
    dropDisabledTemplateFields(spec?.jobTemplate?.spec?.template, old.spec.jobTemplate?.spec?.template),
  ),
  validate,
  *warnings(cronJob, old) {
    const { metadata, spec } = cronJob;
    if (old === undefined) yield* podNameWarnings(metadata.name ?? "");
    if (isNewGeneration(cronJob, old)) yield* jobSpecWarnings(spec.jobTemplate.spec, jobSpecPath);
    if (old !== undefined && spec.schedule.includes("TZ")) {
      // Upstream says "spec" twice.
      yield "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
    }
  },
});

function validate(
  { metadata, spec }: CronJob,
  old: CronJob | undefined,
  { subresource }: RequestContext,
): readonly FieldError[] {
  if (old !== undefined && subresource === "status") return [];
  const check: Check = { errors: [], options: templateOptions(old?.spec.jobTemplate?.spec?.template) };
  validateSchedule(check, spec, old?.spec);
  checkNonNegative(check, specPath.child("startingDeadlineSeconds"), spec.startingDeadlineSeconds);
  if (old === undefined || old.spec.timeZone !== spec.timeZone) validateTimeZone(check, spec.timeZone);
  checkChoice(check, specPath.child("concurrencyPolicy"), spec.concurrencyPolicy, concurrencyPolicies);
  validateJobTemplate(check, spec.jobTemplate);
  checkNonNegative(check, specPath.child("successfulJobsHistoryLimit"), spec.successfulJobsHistoryLimit);
  checkNonNegative(check, specPath.child("failedJobsHistoryLimit"), spec.failedJobsHistoryLimit);
  const name = metadata.name ?? "";
  if (old === undefined && byteLength(name) > maxNameBytes) {
    check.errors.push(invalid(path("metadata", "name"), name, "must be no more than 52 characters"));
  }
  return check.errors;
}

function validateSchedule(check: Check, { schedule = "", timeZone }: types.CronJobSpec, old?: types.CronJobSpec): void {
  const at = specPath.child("schedule");
  if (schedule === "") {
    check.errors.push(required(at));
    return;
  }
  try {
    parseSchedule(schedule);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    check.errors.push(invalid(at, schedule, error.message));
  }
  if (!schedule.includes("TZ")) return;
  if (!old?.schedule?.includes("TZ")) {
    const detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
    check.errors.push(invalid(at, schedule, detail));
  } else if (timeZone !== undefined) {
    const both = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
    check.errors.push(invalid(at, schedule, both));
  }
}

const zonePart = /^[A-Za-z._0-9+][A-Za-z.\-_0-9+]{0,13}$/;

function validateTimeZone(check: Check, zone: string | undefined): void {
  if (zone === undefined) return;
  const bad = (detail: string) => check.errors.push(invalid(specPath.child("timeZone"), zone, detail));
  if (zone === "") bad("timeZone must be nil or non-empty string");
  else if (zone.split("/").some((part) => part === "." || part === ".." || !zonePart.test(part))) {
    bad(`unknown time zone ${zone}`);
  } else if (zone.toLowerCase() === "local") {
    bad("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
    if (zone !== "Local") bad(`unknown time zone ${zone}`);
  } else if (!isTimeZone(zone)) bad(`unknown time zone ${zone}`);
}

function validateJobTemplate(check: Check, template: types.JobTemplateSpec): void {
  validateJobSpec(check, template.spec, jobSpecPath);
  const { selector, manualSelector } = template.spec;
  if (selector !== undefined) {
    const at = jobTemplatePath.child("spec", "selector");
    check.errors.push(invalid(at, goSelector(selector), "`selector` will be auto-generated"));
  }
  if (manualSelector) {
    const at = jobTemplatePath.child("spec", "manualSelector");
    check.errors.push(notSupported(at, manualSelector, ["nil", "false"]));
  }
}
