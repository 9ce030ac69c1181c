import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { container, type LooseSpec } from "../../core/v1/pod/test-pod.ts";
import { changed, decoded, errorsOf, now, prepared, problems, row } from "../../test-support.ts";
import { CronJob } from "./cronjob.ts";
import { Job } from "./job.ts";

const template = (spec: LooseSpec = {}, metadata: LooseSpec = {}) => ({
  metadata,
  spec: { restartPolicy: "Never", containers: [container()], ...spec },
});
const job = (spec: LooseSpec = {}) => ({
  metadata: { name: "pi", namespace: "default", uid: "u-1" },
  spec: { template: template(), ...spec },
});
const said = (spec: LooseSpec) => problems(Job, job(spec));
const indexed = (spec: LooseSpec = {}) => ({ completionMode: "Indexed", completions: 3, parallelism: 3, ...spec });

describe("a new job", () => {
  test("runs one pod to its end, six times over if need be", () => {
    const { spec } = decoded(Job, job());
    assert.deepEqual([spec.completions, spec.parallelism, spec.backoffLimit], [1, 1, 6]);
    assert.deepEqual(
      [spec.completionMode, spec.suspend, spec.podReplacementPolicy],
      ["NonIndexed", false, "TerminatingOrFailed"],
    );
    assert.equal(decoded(Job, job({ parallelism: 2 })).spec.completions, undefined);
    assert.equal(decoded(Job, job(indexed({ backoffLimitPerIndex: 1 }))).spec.backoffLimit, 2147483647);
    assert.equal(decoded(Job, job({ podFailurePolicy: { rules: [] } })).spec.podReplacementPolicy, "Failed");
  });

  test("labels its pods and chooses them by its identity", () => {
    const { spec } = prepared(Job, job());
    assert.deepEqual(spec.selector, { matchLabels: { "batch.kubernetes.io/controller-uid": "u-1" } });
    assert.deepEqual(spec.template.metadata.labels, {
      "job-name": "pi",
      "batch.kubernetes.io/job-name": "pi",
      "controller-uid": "u-1",
      "batch.kubernetes.io/controller-uid": "u-1",
    });
    assert.deepEqual(said({}), []);
  });

  test("does not take another's labels", () => {
    const labels = { "job-name": "other" };
    assert.deepEqual(said({ template: template({}, { labels }) }), [
      'spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u-1","batch.kubernetes.io/job-name":"pi","controller-uid":"u-1","job-name":"other"}: must be \'pi\'',
    ]);
    assert.deepEqual(said({ manualSelector: true }), [
      "spec.selector: Required value",
      "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
    ]);
  });

  const rules: readonly (readonly [string, LooseSpec, LooseSpec, readonly string[]])[] = [
    [
      "has pods that end",
      { template: template({ restartPolicy: "OnFailure" }) },
      { template: template({ restartPolicy: "Always" }) },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      "counts nothing negative",
      { parallelism: 0, ttlSecondsAfterFinished: 0 },
      { parallelism: -1, activeDeadlineSeconds: -1 },
      [
        "spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
        "spec.activeDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
      ],
    ],
    [
      "has as many indexes as it says",
      indexed(),
      { completionMode: "Indexed", parallelism: 1 },
      ["spec.completions: Required value: when completion mode is Indexed"],
    ],
    [
      "completes in a known mode",
      { completionMode: "NonIndexed" },
      { completionMode: "Quick" },
      ['spec.completionMode: Unsupported value: "Quick": supported values: "NonIndexed", "Indexed"'],
    ],
    [
      "counts failures by index only where it has indexes",
      indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 2 }),
      { backoffLimitPerIndex: 1 },
      ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"],
    ],
    [
      "fails no more indexes than there are",
      indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 3 }),
      indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 4 }),
      ["spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions"],
    ],
    [
      "is managed by someone with a domain",
      { managedBy: "example.com/kueue" },
      { managedBy: "kueue" },
      ['spec.managedBy: Invalid value: "kueue": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      "knows when it has succeeded",
      indexed({ successPolicy: { rules: [{ succeededIndexes: "0,2", succeededCount: 2 }] } }),
      indexed({ successPolicy: { rules: [{ succeededIndexes: "2,0" }, { succeededCount: 4 }, {}] } }),
      [
        'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "2,0": error parsing succeededIndexes: non-increasing order, previous: 2, current: 0',
        "spec.successPolicy.rules[1].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)",
        "spec.successPolicy.rules[2]: Required value: at least one of succeededCount or succeededIndexes must be specified",
      ],
    ],
    [
      "judges failures by exit code or condition",
      {
        podFailurePolicy: {
          rules: [
            { action: "FailJob", onExitCodes: { containerName: "main", operator: "In", values: [1, 42] } },
            { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] },
          ],
        },
      },
      {
        podFailurePolicy: {
          rules: [
            { action: "FailIndex", onExitCodes: { containerName: "x", operator: "In", values: [2, 0, 2] } },
            { action: "Shrug" },
          ],
        },
      },
      [
        'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
        "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator",
        "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 2",
        "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0,2]: must be ordered",
        'spec.podFailurePolicy.rules[1].action: Unsupported value: "Shrug": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
        "spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
      ],
    ],
    [
      "replaces pods in a known way",
      { podReplacementPolicy: "Failed" },
      { podReplacementPolicy: "Never" },
      ['spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"'],
    ],
  ];
  for (const [rule, good, bad, says] of rules) {
    test(rule, () => {
      assert.deepEqual(said(good), []);
      assert.deepEqual(said(bad), says);
    });
  }

  test("leaves room for the index in its pods' host names", () => {
    const name = "a".repeat(62);
    const long = { ...job(indexed()), metadata: { name, uid: "u" } };
    assert.deepEqual(problems(Job, long), [
      `metadata.name: Invalid value: "${name}": will not able to create pod with invalid DNS label: ${name}-2`,
    ]);
  });
});

describe("an update of a job", () => {
  const old = prepared(Job, job());
  const change = (from: Job, make: (draft: Draft<Job>) => void) => errorsOf(Job, changed(from, make), from);

  test("changes parallelism, and not what the job is", () => {
    const parallel = change(old, ({ spec }) => {
      spec.parallelism = 9;
    });
    assert.deepEqual(parallel, []);
    const more = change(old, ({ spec }) => {
      spec.completions = 9;
    });
    assert.deepEqual(more, ["spec.completions: Invalid value: 9: field is immutable"]);
    const other = change(old, ({ spec }) => {
      spec.template.spec.containers[0]!.image = "b";
    });
    assert.match(other[0]!, /^spec\.template: Invalid value: .*: field is immutable$/);
  });

  test("of an indexed job grows it as a whole", () => {
    const from = prepared(Job, job(indexed()));
    const both = change(from, ({ spec }) => {
      spec.completions = 5;
      spec.parallelism = 5;
    });
    assert.deepEqual(both, []);
    const one = change(from, ({ spec }) => {
      spec.completions = 5;
    });
    assert.deepEqual(one, ["spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism"]);
  });

  test("of a suspended job may say where its pods run and what they use", () => {
    const from = prepared(Job, job({ suspend: true }));
    const directed = change(from, ({ spec }) => {
      spec.template.spec.nodeSelector = { a: "b" };
      spec.template.spec.containers[0]!.resources = { requests: { cpu: "2" } };
      spec.template.spec.affinity = { nodeAffinity: {} };
    });
    assert.deepEqual(directed, []);
    const other = change(from, ({ spec }) => {
      spec.template.spec.containers[0]!.image = "b";
    });
    assert.match(other[0]!, /^spec\.template\.spec: Invalid value: .*: field is immutable$/);
  });
});

describe("an update of a job's status", () => {
  const start = "2026-01-02T11:00:00Z";
  const end = "2026-01-02T11:30:00Z";
  const condition = (type: string, status = "True") => ({ type, status });
  const old = changed(prepared(Job, job()), (draft) => {
    draft.status = { startTime: start, active: 1, succeeded: 0 };
  });
  const set = (status: LooseSpec, from = old) =>
    errorsOf(Job, { ...from, status: status as never }, from, { subresource: "status" });
  const done = { startTime: start, completionTime: end, succeeded: 1 };

  test("completes a job that met its criteria", () => {
    const conditions = [condition("SuccessCriteriaMet"), condition("Complete")];
    assert.deepEqual(set({ ...done, conditions }), []);
    assert.deepEqual(set({ ...done, conditions: [condition("Complete")] }), [
      "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
    ]);
    assert.deepEqual(set({ startTime: start, succeeded: 1, conditions }), [
      "status.completionTime: Required value: completionTime is required for Complete jobs",
    ]);
    assert.deepEqual(set({ ...done, active: 1, conditions }), [
      "status.active: Invalid value: 1: active>0 is invalid for finished job",
    ]);
  });

  test("does not take anything back", () => {
    const conditions = [condition("FailureTarget"), condition("Failed")];
    const failed = changed(old, (draft) => {
      draft.status = { startTime: start, failed: 3, conditions };
    });
    assert.deepEqual(set({ startTime: start, failed: 2, conditions: [] }, failed), [
      "status.conditions: Invalid value: cannot disable the terminal Failed=True condition",
      "status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition",
      "status.failed: Invalid value: 2: cannot decrease the failed counter",
    ]);
    assert.deepEqual(set({ active: 1 }), [
      "status.startTime: Invalid value: null: field is immutable for unsuspended job once set",
    ]);
  });

  test("lists indexes that exist", () => {
    const from = changed(prepared(Job, job(indexed({ backoffLimitPerIndex: 1 }))), (draft) => {
      draft.status = { startTime: start };
    });
    assert.deepEqual(set({ startTime: start, completedIndexes: "0-1", failedIndexes: "2" }, from), []);
    assert.deepEqual(set({ startTime: start, completedIndexes: "0-3" }, from), [
      'status.completedIndexes: Invalid value: "0-3": error parsing completedIndexes: too large index: "3"',
    ]);
    assert.deepEqual(set({ startTime: start, completedIndexes: "0-1", failedIndexes: "1-2" }, from), [
      'status.failedIndexes: Invalid value: "1-2": failedIndexes and completedIndexes overlap at index: 1',
    ]);
  });
});

describe("columns of a job", () => {
  const started = new Date(now - 90_000).toISOString();
  const cells = (status: LooseSpec, spec: LooseSpec = {}) =>
    row(Job, { ...prepared(Job, job(spec)), status: status as never });

  test("show how far it is and how long it takes", () => {
    const running = cells({ succeeded: 0, startTime: started });
    assert.deepEqual([running["Status"], running["Completions"], running["Duration"]], ["Running", "0/1", "90s"]);
    const conditions = [{ type: "Complete", status: "True" }];
    const complete = cells({
      succeeded: 1,
      startTime: started,
      completionTime: new Date(now - 60_000).toISOString(),
      conditions,
    });
    assert.deepEqual([complete["Status"], complete["Completions"], complete["Duration"]], ["Complete", "1/1", "30s"]);
    assert.equal(cells({}, { parallelism: 3 })["Completions"], "0/1 of 3");
    assert.equal(cells({})["Duration"], "");
    assert.equal(Job.fieldSelectors["status.successful"]?.(prepared(Job, job())), "0");
  });
});

describe("a cron job", () => {
  const cron = (spec: LooseSpec = {}, name = "nightly") => ({
    metadata: { name },
    spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: template() } }, ...spec },
  });

  test("runs jobs one beside the other and keeps three of them", () => {
    const { spec } = decoded(CronJob, cron());
    assert.deepEqual(
      [spec.concurrencyPolicy, spec.suspend, spec.successfulJobsHistoryLimit, spec.failedJobsHistoryLimit],
      ["Allow", false, 3, 1],
    );
    assert.deepEqual(problems(CronJob, cron()), []);
  });

  const rules: readonly (readonly [string, LooseSpec, LooseSpec, readonly string[]])[] = [
    ["has a schedule", { schedule: "@every 90m" }, { schedule: "" }, ["spec.schedule: Required value"]],
    [
      "has a schedule that can be read",
      { schedule: "*/15 0-6,22 ? jan mon" },
      { schedule: "61 * * * *" },
      ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
    ],
    [
      "says its zone in a field of its own",
      { timeZone: "Europe/Berlin" },
      { schedule: "TZ=UTC 0 3 * * *" },
      [
        'spec.schedule: Invalid value: "TZ=UTC 0 3 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      "is in a zone that exists",
      { timeZone: "Etc/UTC" },
      { timeZone: "Mars/Base" },
      ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base'],
    ],
    [
      "treats overlaps in a known way",
      { concurrencyPolicy: "Replace" },
      { concurrencyPolicy: "Fight" },
      ['spec.concurrencyPolicy: Unsupported value: "Fight": supported values: "Allow", "Forbid", "Replace"'],
    ],
    [
      "has jobs that choose their pods themselves",
      {},
      { jobTemplate: { spec: { template: template(), selector: { matchLabels: { a: "b" } } } } },
      ['spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated'],
    ],
    [
      "keeps no negative number of jobs",
      { failedJobsHistoryLimit: 0 },
      { failedJobsHistoryLimit: -1 },
      ["spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0"],
    ],
  ];
  for (const [rule, good, bad, says] of rules) {
    test(rule, () => {
      assert.deepEqual(problems(CronJob, cron(good)), []);
      assert.deepEqual(problems(CronJob, cron(bad)), says);
    });
  }

  test("leaves room for its jobs' names", () => {
    const name = "a".repeat(53);
    assert.deepEqual(problems(CronJob, cron({}, name)), [
      `metadata.name: Invalid value: "${name}": must be no more than 52 characters`,
    ]);
  });

  test("shows when it ran last", () => {
    const shown = changed(prepared(CronJob, cron()), ({ status }) => {
      status.lastScheduleTime = new Date(now - 60_000).toISOString();
    });
    const cells = row(CronJob, shown);
    assert.deepEqual([cells["Schedule"], cells["Timezone"], cells["Suspend"]], ["0 3 * * *", "<none>", "False"]);
    assert.deepEqual([cells["Active"], cells["Last Schedule"]], [0, "60s"]);
  });
});
