import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { breakdownRule, covers, escalationMessage } from "./covers.ts";
import { combinedResource, ruleAllows } from "./rules.ts";
import { request } from "./test-objects.ts";
import type { PolicyRule } from "./types.ts";

const rule = (verbs: string, groups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(","),
  apiGroups: groups.split(","),
  resources: resources.split(","),
  ...(names ? { resourceNames: names.split(",") } : {}),
});

describe("covers", () => {
  it("finds several owner rules that together cover one", () => {
    const owner = [
      rule("delete", "v1", "deployments"),
      rule("delete", "v1", "builds"),
      rule("update", "v1", "builds,deployments"),
    ];
    assert.deepEqual(covers(owner, [rule("delete,update", "v1", "builds,deployments")]), {
      covered: true,
      missing: [],
    });
  });

  it("names the smallest parts that are missing", () => {
    const owner = [rule("delete,update", "v1", "builds,deployments"), rule("delete", "v1", "pods")];
    assert.deepEqual(covers(owner, [rule("delete,update", "v1", "builds,deployments,pods")]).missing, [
      rule("update", "v1", "pods"),
    ]);
  });

  it("lets only an unnamed or equally named rule cover names", () => {
    assert.equal(covers([rule("get", "", "pods")], [rule("get", "", "pods", "a,b")]).covered, true);
    assert.deepEqual(covers([rule("get", "", "pods", "a")], [rule("get", "", "pods", "a,b")]).missing, [
      rule("get", "", "pods", "b"),
    ]);
    assert.equal(covers([rule("get", "", "pods", "a")], [rule("get", "", "pods")]).covered, false);
  });

  it("understands wildcards of verbs, groups, resources, subresources and URLs", () => {
    assert.equal(covers([rule("*", "*", "*")], [rule("get", "apps", "deployments/scale")]).covered, true);
    assert.equal(covers([rule("get", "v1", "*/scale")], [rule("get", "v1", "foo/scale")]).covered, true);
    assert.equal(covers([rule("get", "v1", "*/scale")], [rule("get", "v1", "scale")]).covered, false);
    assert.equal(
      covers([{ verbs: ["get"], nonResourceURLs: ["/apis/*"] }], [{ verbs: ["get"], nonResourceURLs: ["/apis/apps"] }])
        .covered,
      true,
    );
    assert.equal(covers([rule("get", "v1", "a")], [rule("*", "v1", "a")]).covered, false);
  });

  it("says what is missing in upstream's words, joined by resource", () => {
    const user = { username: "ann", groups: ["dev", "system:authenticated"] };
    const wanted = [
      rule("get,list", "apps", "deployments"),
      rule("get", "", "secrets", "s"),
      { verbs: ["get"], nonResourceURLs: ["/logs"] },
    ];
    assert.equal(
      escalationMessage(user, [], wanted),
      [
        'user "ann" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["s"], Verbs:["get"]}',
        '{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}',
        '{NonResourceURLs:["/logs"], Verbs:["get"]}',
      ].join("\n"),
    );
    assert.equal(escalationMessage(user, wanted, wanted), undefined);
  });

  const anyRule: fc.Arbitrary<PolicyRule> = fc.record({
    verbs: fc.array(fc.constantFrom("get", "list", "*"), { minLength: 1, maxLength: 3 }),
    apiGroups: fc.array(fc.constantFrom("", "apps", "*"), { minLength: 1, maxLength: 2 }),
    resources: fc.array(fc.constantFrom("pods", "pods/log", "secrets", "*", "*/log"), { minLength: 1, maxLength: 2 }),
    resourceNames: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }),
  });

  it("is reflexive and monotone: what covers still covers when it grows, and each part is covered by its whole", () => {
    fc.assert(
      fc.property(fc.array(anyRule), fc.array(anyRule), fc.array(anyRule), (owner, more, wanted) => {
        assert.ok(covers(wanted, wanted).covered);
        if (covers(owner, wanted).covered) assert.ok(covers([...owner, ...more], wanted).covered);
        for (const one of wanted) assert.ok(covers([one], breakdownRule(one)).covered);
      }),
    );
  });

  it("is safe: a request that covered rules allow is one that the owner's rules allow", () => {
    const ask = fc.record({
      verb: fc.constantFrom("get", "list", "watch"),
      resource: fc.constantFrom("pods", "secrets"),
      subresource: fc.constantFrom("", "log"),
      group: fc.constantFrom("", "apps"),
      name: fc.constantFrom("", "a", "b"),
    });
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 4 }), anyRule, ask, (owner, wanted, asked) => {
        const attributes = request("u", asked.verb, asked.resource, asked);
        const allows = (rules: readonly PolicyRule[]) =>
          rules.some((one) => ruleAllows(one, attributes, combinedResource(attributes)));
        if (covers(owner, [wanted]).covered && allows([wanted])) assert.ok(allows(owner));
      }),
      { numRuns: 500 },
    );
  });
});
