import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, errorsOf, prepared, problems } from "../../test-support.ts";
import { LimitRange } from "./limit-range.ts";
import { ResourceQuota } from "./resource-quota.ts";

const limitErrors = (...limits: object[]) => problems(LimitRange, { metadata: { name: "l" }, spec: { limits } });
const container = (fields: object) => ({ type: "Container", ...fields });

test("a limit range has bounds in order, of resources that containers have", () => {
  const good = { max: { cpu: "2" }, min: { cpu: "100m" }, maxLimitRequestRatio: { cpu: "10" } };
  assert.deepEqual(limitErrors(container({ ...good, default: { cpu: "1" }, defaultRequest: { cpu: "500m" } })), []);
  assert.deepEqual(limitErrors({ type: "Pod", ...good }, { type: "PersistentVolumeClaim", min: { storage: "1" } }), []);
  assert.deepEqual(limitErrors({ type: "example.com/x", max: { "example.com/y": "1" } }), []);
});

const limitCases: readonly [says: string, items: object[], errors: string[]][] = [
  [
    "an unknown type",
    [{ type: "Node" }],
    ['spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified'],
  ],
  ["a type twice", [{ type: "Pod" }, { type: "Pod" }], ['spec.limits[1].type: Duplicate value: "Pod"']],
  [
    "defaults of pods",
    [{ type: "Pod", default: { cpu: "1" }, defaultRequest: { cpu: "1" } }],
    [
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
    ],
  ],
  [
    "claims without storage",
    [{ type: "PersistentVolumeClaim" }],
    [
      "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided",
    ],
  ],
  [
    "a resource that containers do not have",
    [{ type: "Pod", max: { storage: "1" } }],
    ['spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers'],
  ],
  [
    "a minimum above all",
    [container({ min: { cpu: "3" }, max: { cpu: "2" }, default: { cpu: "1" }, defaultRequest: { cpu: "1" } })],
    [
      'spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 2',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 3 is greater than default request value 1',
      'spec.limits[0].default[cpu]: Invalid value: "3": min value 3 is greater than default value 1',
    ],
  ],
  [
    "defaults above the maximum",
    [container({ max: { cpu: "1" }, default: { cpu: "2" }, defaultRequest: { cpu: "3" } })],
    [
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than max value 1',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than default limit value 2',
      'spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1',
    ],
  ],
  [
    "a ratio below one",
    [{ type: "Pod", maxLimitRequestRatio: { cpu: "500m" } }],
    ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
  ],
  [
    "a ratio that bounds exclude",
    [{ type: "Pod", min: { cpu: "1" }, max: { cpu: "2500m" }, maxLimitRequestRatio: { cpu: "3" } }],
    ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.500000'],
  ],
  [
    "what is not overcommitted",
    [container({ default: { "hugepages-2Mi": "4Mi" }, defaultRequest: { "hugepages-2Mi": "2Mi" } })],
    [
      'spec.limits[0].defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to defaultRequest value 2Mi in hugepages-2Mi',
    ],
  ],
];
for (const [says, items, errors] of limitCases) {
  test(`a limit range is refused for ${says}`, () => assert.deepEqual(limitErrors(...items), errors));
}

test("a limit range without a name gets one", () => {
  const { metadata } = prepared(LimitRange, { metadata: { uid: "u-1" } });
  assert.equal(metadata.name, "u-1");
  assert.equal(prepared(LimitRange, { metadata: { name: "n", uid: "u-1" } }).metadata.name, "n");
});

const quotaErrors = (spec: object) => problems(ResourceQuota, { metadata: { name: "q" }, spec });
const selector = (expression: object, hard: object = { pods: "1" }) => ({
  hard,
  scopeSelector: { matchExpressions: [expression] },
});

test("a quota limits what quotas know, in any scope that suits it", () => {
  const hard = { pods: "1", "requests.cpu": "1", "count/x.example.com": "2", "requests.example.com/gpu": "1" };
  assert.deepEqual(quotaErrors({ hard: { ...hard, "gold.storageclass.storage.k8s.io/requests.storage": "1" } }), []);
  assert.deepEqual(quotaErrors({ hard: { pods: "1", cpu: "1" }, scopes: ["Terminating", "NotBestEffort"] }), []);
  assert.deepEqual(quotaErrors(selector({ scopeName: "PriorityClass", operator: "In", values: ["a"] })), []);
  assert.deepEqual(quotaErrors(selector({ scopeName: "PriorityClass", operator: "DoesNotExist" })), []);
  const volumes = { scopeName: "VolumeAttributesClass", operator: "Exists" };
  assert.deepEqual(quotaErrors(selector(volumes, { persistentvolumeclaims: "1", "requests.storage": "1" })), []);
});

const quotaCases: readonly [says: string, spec: object, errors: string[]][] = [
  [
    "a name that nobody knows",
    { hard: { widgets: "1" } },
    [
      'spec.hard[widgets]: Invalid value: "widgets": must be a standard resource type or fully qualified',
      'spec.hard[widgets]: Invalid value: "widgets": must be a standard resource for quota',
    ],
  ],
  [
    "a resource of nodes only",
    { hard: { storage: "1" } },
    ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
  ],
  [
    "a negative amount",
    { hard: { "requests.cpu": "-1" } },
    ['spec.hard[requests.cpu]: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  ["half a pod", { hard: { pods: "500m" } }, ['spec.hard[pods]: Invalid value: "500m": must be an integer']],
  ["an unknown scope", { scopes: ["Some"] }, ['spec.scopes: Invalid value: ["Some"]: unsupported scope']],
  [
    "a scope that does not suit",
    { hard: { cpu: "1" }, scopes: ["BestEffort"] },
    ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
  ],
  [
    "scopes that exclude each other",
    { scopes: ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating"] },
    [
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Terminating","NotTerminating"]: conflicting scopes',
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Terminating","NotTerminating"]: conflicting scopes',
    ],
  ],
  [
    "a selector of an unknown scope",
    selector({ scopeName: "Some", operator: "Exists" }),
    ['spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Some": unsupported scope'],
  ],
  [
    "a selector that does not suit",
    selector({ scopeName: "PriorityClass", operator: "Exists" }, { services: "1" }),
    [
      'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"PriorityClass","Operator":"Exists","Values":null}]}: unsupported scope applied to resource',
    ],
  ],
  [
    "a scope that can only exist",
    selector({ scopeName: "BestEffort", operator: "In", values: ["a"] }),
    [
      "spec.scopeSelector.matchExpressions.operator: Invalid value: \"In\": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
    ],
  ],
  [
    "a choice without values",
    selector({ scopeName: "PriorityClass", operator: "NotIn" }),
    [
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  ],
  [
    "values without a choice",
    selector({ scopeName: "PriorityClass", operator: "Exists", values: ["a"] }),
    [
      "spec.scopeSelector.matchExpressions.values: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    ],
  ],
  [
    "an unknown operator",
    selector({ scopeName: "PriorityClass", operator: "Gt", values: ["1"] }),
    ['spec.scopeSelector.matchExpressions.operator: Invalid value: "Gt": not a valid selector operator'],
  ],
  [
    "selectors that exclude each other",
    {
      scopeSelector: {
        matchExpressions: [
          { scopeName: "Terminating", operator: "Exists" },
          { scopeName: "NotTerminating", operator: "Exists" },
        ],
      },
    },
    ["spec.scopeSelector.matchExpressions: Invalid value: null: conflicting scopes"],
  ],
];
for (const [says, spec, errors] of quotaCases) {
  test(`a quota is refused for ${says}`, () => assert.deepEqual(quotaErrors(spec), errors));
}

test("the scopes of a quota never change, and its status is checked where it is written", () => {
  const old = decoded(ResourceQuota, { metadata: { name: "q" }, spec: { scopes: ["Terminating"] } });
  assert.deepEqual(problems(ResourceQuota, { spec: { scopes: ["Terminating"] } }, old), []);
  assert.deepEqual(problems(ResourceQuota, { spec: {} }, old), [
    "spec.scopes: Invalid value: null: field is immutable",
  ]);
  const status = { hard: { pods: "1" }, used: { pods: "500m", x: "1" } };
  assert.deepEqual(errorsOf(ResourceQuota, decoded(ResourceQuota, { status }), old, { subresource: "status" }), [
    'status.used[pods]: Invalid value: "500m": must be an integer',
    'status.used[x]: Invalid value: "x": must be a standard resource type or fully qualified',
    'status.used[x]: Invalid value: "x": must be a standard resource for quota',
  ]);
  assert.deepEqual(errorsOf(ResourceQuota, decoded(ResourceQuota, { status: {} }), old, { subresource: "status" }), []);
});

test("a quota whose requests exceed its limits is warned of, at its creation", () => {
  const quota = (hard: object) => decoded(ResourceQuota, { spec: { hard } });
  const told = quota({ cpu: "2", "limits.cpu": "1", "requests.memory": "2Gi", "limits.memory": "1Gi" });
  assert.deepEqual(
    [...ResourceQuota.warnings!(told, undefined)],
    [
      "ResourceQuota cpu (2) should be less than limits.cpu (1)",
      "ResourceQuota requests.memory (2Gi) should be less than limits.memory (1Gi)",
    ],
  );
  assert.deepEqual([...ResourceQuota.warnings!(told, told)], []);
  assert.deepEqual([...ResourceQuota.warnings!(quota({ cpu: "1", "limits.cpu": "1" }), undefined)], []);
});
