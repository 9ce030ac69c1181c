import { negative } from "../messages.ts";
import {
  type Cause,
  invalid,
  invalidShown,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

const at = "spec.schedule";
const bad = (schedule: string, problem: string) => refused({ [at]: schedule }, invalid(at, schedule, problem));
const zoneProblem = (zone: string): Cause => invalid("spec.timeZone", zone, `unknown time zone ${zone}`);
const notNegative = (field: string): Rule => ({
  says: `${field} is not negative`,
  accepts: { [`spec.${field}`]: 0 },
  refuses: refused({ [`spec.${field}`]: -1 }, invalid(`spec.${field}`, -1, negative)),
});
const useField = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";

const schedules: readonly Rule[] = [
  {
    says: "a schedule is of five fields, or named",
    accepts: [
      "* * * * *",
      "0-59/15 */2 ? jan,DEC mon-fri",
      "@hourly",
      "@midnight",
      "@every 1h30m",
      "  1  2 3 4 5 ",
      "59 23 31 12 6",
    ].map((schedule) => ({ [at]: schedule })),
    refuses: [
      refused({ [at]: "" }, required(at)),
      bad("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
      bad("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
      bad("@sometimes", "unrecognized descriptor: @sometimes"),
      bad("@every", "unrecognized descriptor: @every"),
      bad("@every 1", 'failed to parse duration @every 1: time: missing unit in duration "1"'),
    ],
  },
  {
    says: "fields of a schedule are within their bounds",
    accepts: { [at]: "0 0 1 1 0" },
    refuses: [
      bad("60 * * * *", "end of range (60) above maximum (59): 60"),
      bad("* 24 * * *", "end of range (24) above maximum (23): 24"),
      bad("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
      bad("* * 32 * *", "end of range (32) above maximum (31): 32"),
      bad("* * * 13 *", "end of range (13) above maximum (12): 13"),
      bad("* * * * 7", "end of range (7) above maximum (6): 7"),
      bad("5-4 * * * *", "beginning of range (5) beyond end of range (4): 5-4"),
      bad("*/0 * * * *", "step of range should be a positive number: */0"),
      bad("1-2-3 * * * *", "too many hyphens: 1-2-3"),
      bad("1/2/3 * * * *", "too many slashes: 1/2/3"),
      bad("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
      bad("1- * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'),
    ],
  },
  {
    says: "a schedule says nothing of its time zone",
    accepts: { "spec.timeZone": "Europe/Berlin" },
    refuses: [
      bad("TZ=UTC * * * * *", useField),
      bad("CRON_TZ=UTC * * * * *", useField),
      refused(
        { [at]: "TZ=Nowhere * * * * *" },
        invalid(at, "TZ=Nowhere * * * * *", "provided bad location Nowhere: unknown time zone Nowhere"),
        invalid(at, "TZ=Nowhere * * * * *", useField),
      ),
    ],
  },
];

const zones: readonly Rule[] = [
  {
    says: "a time zone is one of the database's",
    accepts: ["UTC", "Etc/UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+1", "US/Pacific"].map((timeZone) => ({
      "spec.timeZone": timeZone,
    })),
    refuses: [
      refused({ "spec.timeZone": "" }, invalid("spec.timeZone", "", "timeZone must be nil or non-empty string")),
      ...[
        "Nowhere",
        "europe/berlin",
        "EUROPE/BERLIN",
        "utc",
        "a/../b",
        "./UTC",
        "Etc//UTC",
        "-a",
        "a b",
        "a".repeat(15),
      ].map((zone) => refused({ "spec.timeZone": zone }, zoneProblem(zone))),
      refused(
        { "spec.timeZone": "Local" },
        invalid(
          "spec.timeZone",
          "Local",
          "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        ),
      ),
      refused(
        { "spec.timeZone": "local" },
        invalid(
          "spec.timeZone",
          "local",
          "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        ),
        zoneProblem("local"),
      ),
    ],
  },
];

const spec = "spec.jobTemplate.spec";
const others: readonly Rule[] = [
  notNegative("startingDeadlineSeconds"),
  notNegative("successfulJobsHistoryLimit"),
  notNegative("failedJobsHistoryLimit"),
  {
    says: "jobs at the same time are allowed, forbidden or replaced",
    accepts: ["Allow", "Forbid", "Replace", ""].map((policy) => ({ "spec.concurrencyPolicy": policy })),
    refuses: refused(
      { "spec.concurrencyPolicy": "Queue" },
      notSupported("spec.concurrencyPolicy", "Queue", ["Allow", "Forbid", "Replace"]),
    ),
  },
  {
    says: "jobs of a template keep jobs' rules",
    accepts: { [`${spec}.backoffLimit`]: 0 },
    refuses: [
      refused({ [`${spec}.backoffLimit`]: -1 }, invalid(`${spec}.backoffLimit`, -1, negative)),
      refused(
        { [`${spec}.template.spec.restartPolicy`]: "Always" },
        required(`${spec}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'),
      ),
    ],
  },
  {
    says: "the selector of a job is not told beforehand",
    accepts: { [`${spec}.manualSelector`]: false },
    refuses: [
      refused(
        { [`${spec}.selector`]: { matchLabels: { b: "c", a: "b" } } },
        invalidShown(`${spec}.selector`, '{"matchLabels":{"a":"b","b":"c"}}', "`selector` will be auto-generated"),
      ),
      refused({ [`${spec}.manualSelector`]: true }, notSupported(`${spec}.manualSelector`, true, ["nil", "false"])),
    ],
  },
  {
    says: "names of jobs have room behind the name",
    accepts: { "metadata.name": "a".repeat(52) },
    refuses: refused(
      { "metadata.name": "a".repeat(53) },
      invalid("metadata.name", "a".repeat(53), "must be no more than 52 characters"),
    ),
  },
];

export const cronJob: KindRules = {
  group: "batch",
  kind: "CronJob",
  path: "/apis/batch/v1/namespaces/default/cronjobs",
  valid: {
    metadata: { name: "rules" },
    spec: {
      schedule: "@daily",
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "a" }] } } },
      },
    },
  },
  create: [...schedules, ...zones, ...others],
  update: [
    {
      says: "a time zone that stays is not looked at",
      stored: { "spec.timeZone": "UTC" },
      accepts: { "spec.suspend": true },
      refuses: refused({ "spec.timeZone": "Nowhere" }, zoneProblem("Nowhere")),
    },
  ],
};
