import type { Area } from "../rule.ts";
import { cronJob } from "./cron-job.ts";
import { jobs } from "./job.ts";
import { jobPolicies } from "./job-policies.ts";
import { jobStatus } from "./job-status.ts";
import { jobUpdate } from "./job-update.ts";

/** A column shows what is stored, which validation has seen. */
const shown = "columns show what has been validated";

export const workloads: Area = {
  kinds: [jobs, jobPolicies, jobUpdate, jobStatus, cronJob],
  unreachable: {
    "api/batch/v1/cronjob.ts": {
      "selectorColumn<CronJob>(({ spec }) => spec.jobTemplate?.spec?.selector),": shown,
      "check.errors.push(invalid(at, schedule, both));": "no new schedule tells a zone",
    },
    "api/batch/v1/job.ts": { "selectorColumn<Job>(({ spec }) => spec.selector),": shown },
    "api/batch/v1/job-selector.ts": {
      'if (uid === "") check.errors.push(required(path("metadata", "uid")));': "every object has one",
    },
    "api/batch/v1/job-status.ts": {
      'refuse(check, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");':
        "what becomes complete is refused without that condition",
    },
    "api/batch/v1/job-failure-policy.ts": {
      'if (status === "") check.errors.push(required(at.child("status"), quoted(statuses)));': "defaults say True",
    },
  },
};
