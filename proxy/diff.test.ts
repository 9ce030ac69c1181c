import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { buildRuleset } from "./build.ts";
import { diff, renderFull, renderRemoval } from "./diff.ts";
import { RulesetKeeper, retirementMs, withRetired } from "./keeper.ts";
import { keptElements } from "./kept-elements.ts";
import { createNft, NftError } from "./nft.ts";
import type { Ruleset } from "./ruleset.ts";
import { whyNoNetworks } from "./testing/network.ts";
import { endpoint, facts, service, slice } from "./testing/objects.ts";

const run = promisify(execFile);
const skip = await whyNoNetworks();

/** Any few services, each in any state. */
const anyRuleset: fc.Arbitrary<Ruleset> = fc
  .array(
    fc.record({
      name: fc.constantFrom("a", "b", "c"),
      endpoints: fc.uniqueArray(fc.record({ ip: fc.nat(4), local: fc.boolean(), ready: fc.boolean() }), {
        maxLength: 3,
        selector: ({ ip }) => ip,
      }),
      affinity: fc.constantFrom(undefined, 10, 20),
      nodePort: fc.boolean(),
      local: fc.boolean(),
      udp: fc.boolean(),
      ingress: fc.boolean(),
      six: fc.boolean(),
    }),
    { maxLength: 3 },
  )
  .map((states) => {
    const services = [];
    const slices = [];
    for (const { name, endpoints, affinity, nodePort, local, udp, ingress, six } of new Map(
      states.map((state) => [state.name, state]),
    ).values()) {
      const index = "abc".indexOf(name) + 1;
      const protocol = udp ? "UDP" : "TCP";
      services.push(
        service(name, six ? `fd00:96::${index}` : `198.18.128.${index}`, {
          protocol,
          ...(nodePort ? { nodePort: 30000 + index } : {}),
          ...(local ? { externalTrafficPolicy: "Local", internalTrafficPolicy: "Local" } : {}),
          ...(ingress && !six
            ? {
                type: "LoadBalancer",
                ingress: [`198.18.2.${index}`],
                loadBalancerSourceRanges: ["198.18.0.0/24", "198.18.0.0/16"],
              }
            : {}),
          ...(affinity === undefined
            ? {}
            : { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: affinity } } }),
        }),
      );
      const found = endpoints.map(({ ip, local, ready }) =>
        endpoint(six ? `fd00:19::${ip + 2}` : `198.19.0.${ip + 2}`, {
          nodeName: local ? "node-1" : "node-2",
          conditions: { ready },
        }),
      );
      slices.push(slice(name, found, { protocol, addressType: six ? "IPv6" : "IPv4" }));
    }
    return buildRuleset(services, slices, facts);
  });

test("equal rulesets differ by nothing", () => {
  fc.assert(fc.property(anyRuleset, (ruleset) => assert.equal(diff(ruleset, structuredClone(ruleset)), "")));
});

/** The kernel's tables, without handles and in one order. */
async function tables(namespace: string): Promise<unknown> {
  const { stdout } = await run("nsenter", [`--net=/run/netns/${namespace}`, "nft", "-j", "list", "ruleset"]);
  const { nftables } = JSON.parse(stdout) as { nftables: Record<string, { handle?: number }>[] };
  const texts = new Map<string, string[]>();
  for (const entry of nftables) {
    const [kind = "", value] = Object.entries(entry)[0] ?? [];
    if (kind === "metainfo") continue;
    const { handle: _, ...rest } = value as { handle?: number; chain?: string; elem?: unknown[] };
    if (rest.elem !== undefined) rest.elem = rest.elem.map((element) => JSON.stringify(element)).sort();
    // Rules keep their order within a chain.
    const key = kind === "rule" ? `rule ${JSON.stringify([(rest as { family?: string }).family, rest.chain])}` : kind;
    texts.set(key, [...(texts.get(key) ?? []), JSON.stringify(rest)]);
  }
  return Object.fromEntries(
    [...texts]
      .map(([key, lines]) => [key, key.startsWith("rule") ? lines : lines.sort()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test("increments leave in the kernel what writing everything leaves", {
  skip: skip ?? false,
  timeout: 120_000,
}, async () => {
  const names = [`k8ts-px-${process.pid}-inc`, `k8ts-px-${process.pid}-full`] as const;
  try {
    for (const name of names) await run("ip", ["netns", "add", name]);
    const [increments, full] = names.map((name) =>
      createNft({ command: ["nsenter", `--net=/run/netns/${name}`, "nft"] }),
    );
    let applied: Ruleset = [];
    await fc.assert(
      fc.asyncProperty(anyRuleset, async (ruleset) => {
        await increments!.apply(diff(applied, ruleset));
        applied = ruleset;
        await full!.apply(renderFull(ruleset));
        assert.deepEqual(await tables(names[0]), await tables(names[1]));
      }),
      { numRuns: 40, endOnFailure: true },
    );
    for (const nft of [increments!, full!]) await nft.apply(renderRemoval(applied));
    assert.deepEqual(await tables(names[0]), {});
    await assert.rejects(full!.apply("add rule ip nowhere nothing accept"), NftError);
  } finally {
    for (const name of names) await run("ip", ["netns", "del", name]).catch(() => {});
  }
});

test("chains that are no longer wanted are emptied at once and deleted later", () => {
  const endpoints = [endpoint("198.19.0.2")];
  const before = buildRuleset([service("a", "198.18.128.1")], [slice("a", endpoints)], facts);
  const after = buildRuleset([], [], facts);
  const first = withRetired(before, after, { retired: new Map(), nowMs: 100 });
  const script = diff(before, first.target);
  assert.match(script, /flush chain ip k8ts-proxy service-\S+a\/tcp\/web/);
  assert.doesNotMatch(script, /delete chain/);
  const waiting = withRetired(first.target, after, { retired: first.retired, nowMs: 100 + retirementMs - 1 });
  assert.equal(diff(first.target, waiting.target), "");
  const last = withRetired(first.target, after, { retired: waiting.retired, nowMs: 100 + retirementMs });
  assert.match(diff(first.target, last.target), /^delete chain ip k8ts-proxy service-\S+\n$/);
  assert.equal(last.retired.size, 0);
  const wantedAgain = withRetired(first.target, before, { retired: first.retired, nowMs: 200 });
  assert.equal(wantedAgain.retired.size, 0);
  assert.match(diff(first.target, wantedAgain.target), /add rule ip k8ts-proxy service-/);
});

test("writing everything puts back which clients stay where, for as long as they had left", () => {
  const [table] = buildRuleset(
    [service("a", "198.18.128.1", { sessionAffinity: "ClientIP" })],
    [slice("a", [endpoint("198.19.0.2")])],
    facts,
  );
  const name = [...table!.sets.keys()].find((set) => set.startsWith("affinity-"))!;
  const set = (changes: object) => ({
    set: { family: "ip", table: "k8ts-proxy", name, elem: [{ elem: { val: "10.0.0.9", expires: 77 } }], ...changes },
  });
  const listing = JSON.stringify({
    nftables: [
      { metainfo: {} },
      set({}),
      set({ table: "other" }),
      set({ family: "ip6" }),
      set({ name: "affinity-gone" }),
      set({ name: "cluster-ips", elem: ["1.2.3.4"] }),
    ],
  });
  const kept = keptElements(listing, [table!]);
  assert.deepEqual([...kept], [[`ip ${name}`, ["10.0.0.9 timeout 10800s expires 77s"]]]);
  assert.match(
    renderFull([table!], kept),
    /add element ip k8ts-proxy affinity-\S+ \{ 10\.0\.0\.9 timeout 10800s expires 77s \}\n$/,
  );
});

test("after a failure everything is written", async () => {
  const scripts: string[] = [];
  let fails = false;
  const keeper = new RulesetKeeper({
    async apply(script) {
      scripts.push(script);
      if (fails) throw new NftError("no");
    },
    listSets: async () => '{"nftables": []}',
    watch: async () => {},
  });
  const empty = buildRuleset([], [], facts);
  const one = buildRuleset([service("a", "198.18.128.1")], [], facts);
  assert.equal(await keeper.sync(empty, 0), "full");
  assert.equal(await keeper.sync(empty, 0), "none");
  fails = true;
  await assert.rejects(keeper.sync(one, 0), NftError);
  fails = false;
  assert.equal(await keeper.sync(one, 0), "full");
  assert.equal(scripts.at(-1), renderFull(one));
  keeper.distrust();
  assert.equal(await keeper.sync(one, 0), "full");
});
