import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { IPAddress } from "../../api/networking/v1/ip-address.ts";
import type { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts";
import { parseCIDR, parseIP } from "../../apimachinery/net/ip.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { isNeeded, plan, serviceCidrFinalizer, settleMs, summarize } from "./plan.ts";
import { hasAddress, hasPrefix, overlap } from "./prefixes.ts";

const now = Date.parse("2026-01-01T00:00:00Z");

function range(name: string, cidrs: readonly string[], more: object = {}, status: object = {}): ServiceCIDR {
  return {
    metadata: { name, finalizers: [serviceCidrFinalizer], ...more },
    spec: { cidrs },
    status,
  } as unknown as ServiceCIDR;
}

function address(name: string, managedBy = "ipallocator.k8s.io"): IPAddress {
  return { metadata: { name, labels: { "ipaddress.kubernetes.io/managed-by": managedBy } } } as unknown as IPAddress;
}

const readyStatus = {
  conditions: [{ type: "Ready", status: "True", reason: "", message: "Kubernetes Service CIDR is ready" }],
};
const ending = (sinceMs: number): object => ({ deletionTimestamp: formatTime(now - sinceMs) });

test("a new ServiceCIDR is held back from being deleted, then told ready", () => {
  const serviceCidr = range("a", ["10.0.0.0/24"], { finalizers: ["mine"] });
  const [patch, tell, ...rest] = plan({ serviceCidr, needed: false, now });
  assert.deepEqual(rest, []);
  assert.ok(patch?.type === "patch" && tell?.type === "apply");
  assert.deepEqual(patch.patch, { type: "strategic", body: { metadata: { finalizers: [serviceCidrFinalizer] } } });
  assert.deepEqual([tell.fieldManager, tell.force, tell.subresource], ["service-cidr-controller", true, "status"]);
  assert.deepEqual(tell.object, {
    metadata: { name: "a" },
    status: { conditions: [{ ...readyStatus.conditions[0], lastTransitionTime: "2026-01-01T00:00:00Z" }] },
  });
  assert.deepEqual(tell.onFailed?.(undefined as never), {
    type: "Warning",
    reason: "KubernetesServiceCIDRError",
    message: "The ServiceCIDR Status can not be set to Ready=True",
  });
});

test("one that is as it should be is left alone", () => {
  assert.deepEqual(plan({ serviceCidr: range("a", ["10.0.0.0/24"], {}, readyStatus), needed: false, now }), []);
});

test("one that is being deleted and needed says so, once; one that is not goes after ten seconds", () => {
  const told = plan({ serviceCidr: range("a", ["10.0.0.0/24"], ending(60_000), readyStatus), needed: true, now });
  assert.equal(told.length, 1);
  assert.ok(told[0]?.type === "apply");
  const { status } = told[0].object as unknown as { status: object };
  assert.deepEqual(plan({ serviceCidr: range("a", ["10.0.0.0/24"], ending(60_000), status), needed: true, now }), []);

  const early = { serviceCidr: range("a", ["10.0.0.0/24"], ending(settleMs - 1_000)), needed: false, now };
  assert.deepEqual([plan(early), summarize(early)], [[], { wakeAtMs: now + 1_000 }]);
  const late = { serviceCidr: range("a", ["10.0.0.0/24"], ending(settleMs)), needed: false, now };
  const [release] = plan(late);
  assert.ok(release?.type === "patch");
  const body = { metadata: { "$deleteFromPrimitiveList/finalizers": [serviceCidrFinalizer] } };
  assert.deepEqual([release.patch, summarize(late)], [{ type: "strategic", body }, {}]);
  const released = range("a", ["10.0.0.0/24"], { ...ending(60_000), finalizers: ["mine"] });
  assert.deepEqual(plan({ serviceCidr: released, needed: false, now }), []);
});

test("what a network's own address and broadcast are is nobody's", () => {
  const inside = (cidr: string, ip: string): boolean => hasAddress(parseCIDR(cidr)!, parseIP(ip)!);
  assert.deepEqual(
    ["10.0.0.0", "10.0.0.1", "10.0.1.254", "10.0.1.255", "10.0.2.0"].map((ip) => inside("10.0.0.0/23", ip)),
    [false, true, true, false, false],
  );
  assert.deepEqual(
    ["2001:db8::", "2001:db8::1", "2001:db8::ffff", "2001:db8::1:0"].map((ip) => inside("2001:db8::/112", ip)),
    [false, true, true, false],
  );
});

test("a range is needed while it alone has some service's address", () => {
  const a = range("a", ["10.0.0.0/24", "2001:db8::/64"]);
  const needed = (others: readonly ServiceCIDR[], ...names: string[]): boolean =>
    isNeeded(
      a,
      [a, ...others],
      names.map((name) => address(name)),
    );
  assert.equal(needed([]), false);
  assert.equal(needed([], "10.0.0.5"), true);
  assert.equal(needed([], "2001:db8::5"), true);
  assert.equal(needed([], "10.0.1.5"), false);
  assert.equal(needed([range("b", ["10.0.0.0/28"])], "10.0.0.5"), false);
  assert.equal(needed([range("b", ["10.0.0.0/28"])], "10.0.0.5", "10.0.0.77"), true);
  assert.equal(needed([range("b", ["10.0.0.0/16", "2001:db8::/64"])], "10.0.0.5", "2001:db8::5"), false);
  assert.equal(isNeeded(a, [a], [address("10.0.0.5", "someone.else")]), false);
});

test("law: a range that goes leaves no address of a service outside of every range", () => {
  const cidr = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 22, max: 28 })).map(([third, prefix]) => {
    const start = (third * 256) & (0xffff_ff00 << Math.max(0, 24 - prefix));
    return `10.0.${(start >> 8) & 0xff}.0/${prefix}`;
  });
  const ip = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 255 })).map(([third, last]) => `10.0.${third}.${last}`);
  const covered = (all: readonly ServiceCIDR[], name: string): boolean =>
    all.some(({ spec }) => spec.cidrs!.some((text) => hasAddress(parseCIDR(text)!, parseIP(name)!)));
  fc.assert(
    fc.property(fc.array(cidr, { minLength: 1, maxLength: 5 }), fc.array(ip, { maxLength: 10 }), (cidrs, ips) => {
      const all = cidrs.map((text, i) => range(`r${i}`, [text]));
      const given = ips.filter((name) => covered(all, name));
      const [one, ...others] = all;
      const needed = isNeeded(
        one!,
        all,
        given.map((name) => address(name)),
      );
      if (!needed) assert.ok(given.every((name) => covered(others, name) || isEdge(others, name)));
      else assert.ok(given.some((name) => !covered(others, name)));
    }),
  );
  /** The network's own address of a larger range that contains the smaller one: upstream counts ranges, not addresses. */
  function isEdge(others: readonly ServiceCIDR[], name: string): boolean {
    return others.some(({ spec }) => spec.cidrs!.some((text) => hasPrefix(parseCIDR(text)!, parseCIDR(`${name}/32`)!)));
  }
});

test("ranges overlap where one contains the other", () => {
  const both = (a: string, b: string): boolean => overlap(parseCIDR(a)!, parseCIDR(b)!);
  assert.deepEqual(
    [both("10.0.0.0/8", "10.1.0.0/16"), both("10.1.0.0/16", "10.0.0.0/8"), both("10.0.0.0/16", "10.1.0.0/16")],
    [true, true, false],
  );
  assert.equal(both("10.0.0.0/8", "2001:db8::/64"), false);
});
