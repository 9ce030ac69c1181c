import assert from "node:assert/strict";
import { test } from "node:test";
import { exponentialBuckets, MetricsRegistry } from "./metrics.ts";
import { formatNumber } from "./metrics-text.ts";

test("renders the text format: sorted families and labels, escapes, cumulative buckets", () => {
  const registry = new MetricsRegistry();
  const adds = registry.counter({
    name: "workqueue_adds_total",
    help: 'Adds\nwith "quotes" and \\',
    labels: ["name", "a"],
  });
  adds.labels("pods", 'x"\\\n').inc();
  adds.labels("pods", "b").inc(2);
  registry.gauge({ name: "up", help: "Up", stability: "STABLE" }).labels().set(-1.5);
  const seconds = registry.histogram({ name: "seconds", help: "S", labels: ["verb"], buckets: [0.005, 1, 1e6] });
  const get = seconds.labels("get");
  for (const value of [0.001, 0.005, 0.5, 2, 1e7]) get.observe(value);
  assert.equal(
    registry.render(),
    `# HELP seconds [ALPHA] S
# TYPE seconds histogram
seconds_bucket{verb="get",le="0.005"} 2
seconds_bucket{verb="get",le="1"} 3
seconds_bucket{verb="get",le="1e+06"} 4
seconds_bucket{verb="get",le="+Inf"} 5
seconds_sum{verb="get"} 1.0000002506e+07
seconds_count{verb="get"} 5
# HELP up [STABLE] Up
# TYPE up gauge
up -1.5
# HELP workqueue_adds_total [ALPHA] Adds\\nwith "quotes" and \\\\
# TYPE workqueue_adds_total counter
workqueue_adds_total{a="b",name="pods"} 2
workqueue_adds_total{a="x\\"\\\\\\n",name="pods"} 1
`,
  );
});

test("numbers look as Go prints them", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [1, "1"],
    [100000, "100000"],
    [1e6, "1e+06"],
    [1234567, "1.234567e+06"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [1e21, "1e+21"],
    [1e100, "1e+100"],
    [NaN, "NaN"],
    [-Infinity, "-Inf"],
    [0.1 + 0.2, "0.30000000000000004"],
  ];
  for (const [value, text] of cases) assert.equal(formatNumber(value), text);
});

test("a metric asked for twice is shared; as another kind it is refused", () => {
  const registry = new MetricsRegistry();
  registry.counter({ name: "c", help: "C" }).labels().inc();
  registry.counter({ name: "c", help: "C" }).labels().inc();
  assert.match(registry.render(), /^c 2$/m);
  assert.throws(() => registry.gauge({ name: "c", help: "C" }), /metric c is a counter, not a gauge/);
});

test("series beyond the limit are counted together", () => {
  const registry = new MetricsRegistry();
  const counter = registry.counter({ name: "c", help: "C", labels: ["path"], maxSeries: 3 });
  for (let i = 0; i < 10; i++) counter.labels(`/${i}`).inc();
  assert.match(registry.render(), /^c\{path="other"\} 7$/m);
});

test("removed series disappear and collectors run before rendering", () => {
  const registry = new MetricsRegistry();
  const gauge = registry.gauge({ name: "g", help: "G", labels: ["x"] });
  gauge.labels("gone").set(1);
  registry.onCollect(() => gauge.labels("now").set(3));
  gauge.remove("gone");
  assert.equal(registry.render(), '# HELP g [ALPHA] G\n# TYPE g gauge\ng{x="now"} 3\n');
  assert.deepEqual(exponentialBuckets(1, 2, 4), [1, 2, 4, 8]);
});
