import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "../../api/core/v1/pod.ts";
import { milliCpuToQuotaUs, milliCpuToShares, podResources, qosClassOf, sharesToWeight } from "./pod-resources.ts";

const podOf = (...resources: readonly object[]): Pod =>
  ({
    metadata: { uid: "u" },
    spec: { containers: resources.map((each, i) => ({ name: `c${i}`, resources: each })) },
  }) as unknown as Pod;
const both = (cpu: string, memory: string): object => ({ requests: { cpu, memory }, limits: { cpu, memory } });

test("a guaranteed pod is bounded by the sum of its limits", () => {
  assert.deepEqual(podResources(podOf(both("500m", "64Mi"), both("1", "64Mi"))), {
    cpuShares: 1536,
    cpuQuotaUs: 150_000,
    cpuPeriodUs: 100_000,
    memoryLimitBytes: 128 * 1024 * 1024,
  });
});

test("a burstable pod is bounded only by what all its containers limit", () => {
  const limited = podOf(
    { requests: { cpu: "100m" }, limits: { cpu: "200m" } },
    { limits: { cpu: "300m", memory: "1Mi" } },
  );
  assert.deepEqual(podResources(limited), { cpuShares: 102, cpuQuotaUs: 50_000, cpuPeriodUs: 100_000 });
  assert.deepEqual(podResources(podOf({ requests: { memory: "1Mi" } }, {})), { cpuShares: 2 });
});

test("a best-effort pod has the least share of the CPU and no bound but that of processes", () => {
  assert.deepEqual(podResources(podOf({})), { cpuShares: 2 });
  assert.deepEqual(podResources(podOf({}), { podPidsLimit: 100 }), { cpuShares: 2, pidsLimit: 100 });
});

test("the pod's own resources count in the place of its containers'", () => {
  const pod = podOf({});
  const own = { ...pod, spec: { ...pod.spec, resources: both("2", "1Gi") } } as Pod;
  assert.equal(qosClassOf(own), "Guaranteed");
  assert.deepEqual(podResources(own), {
    cpuShares: 2048,
    cpuQuotaUs: 200_000,
    cpuPeriodUs: 100_000,
    memoryLimitBytes: 1024 ** 3,
  });
});

test("overhead is added to what is asked for and to limits", () => {
  const pod = podOf(both("1", "1Gi"));
  const heavy = { ...pod, spec: { ...pod.spec, overhead: { cpu: "250m", memory: "1Gi" } } } as Pod;
  assert.equal(podResources(heavy).cpuShares, 1280);
  assert.equal(podResources(heavy).cpuQuotaUs, 125_000);
  assert.equal(podResources(heavy).memoryLimitBytes, 2 * 1024 ** 3);
});

test("without quotas no limit of CPU is enforced", () => {
  assert.equal(podResources(podOf(both("1", "1Gi")), { cpuQuota: false }).cpuQuotaUs, -1);
});

test("shares, weights and quotas stay in the kernel's ranges and never fall where the request rises", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      const shares = milliCpuToShares(more);
      assert.ok(shares >= 2 && shares <= 262_144 && milliCpuToShares(less) <= shares);
      const weight = sharesToWeight(shares);
      assert.ok(weight >= 1 && weight <= 10_000);
      const quota = milliCpuToQuotaUs(more, 100_000);
      assert.ok(quota === 0 ? more === 0 : quota >= 1000);
    }),
  );
});
