import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, decoded, errorsOf, prepared, problems } from "../../../test-support.ts";
import { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from "../dynamic-resources.ts";

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const reference =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

const exactly = (more: object = {}) => ({ name: "r", exactly: { deviceClassName: "gpu", ...more } });
const opaque = { driver: "d.example.com", parameters: { a: 1 } };
const ofClaim = (devices: object) => problems(ResourceClaim, { metadata: { name: "c" }, spec: { devices } });
const ofRequest = (more: object) =>
  ofClaim({ requests: [exactly(more)] }).map((text) => text.replace("spec.devices.requests[0].exactly", "E"));

test("a good claim has requests, alternatives, constraints and configuration", () => {
  const requests = [
    exactly({ allocationMode: "All", tolerations: [{ key: "a", operator: "Exists", effect: "NoExecute" }] }),
    { name: "f", firstAvailable: [{ name: "x", deviceClassName: "gpu", count: 2 }] },
  ];
  const constraints = [
    { requests: ["r", "f/x"], matchAttribute: "d.example.com/model" },
    { distinctAttribute: "d.example.com/slot" },
  ];
  assert.deepEqual(ofClaim({ requests, constraints, config: [{ requests: ["f"], opaque }] }), []);
});

const requestCases: readonly [says: string, request: object, errors: readonly string[]][] = [
  ["no class", { deviceClassName: "" }, ["E.deviceClassName: Required value"]],
  ["no number", { count: -1, allocationMode: "ExactCount" }, ["E.count: Invalid value: -1: must be greater than zero"]],
  [
    "a number of all",
    { count: 2, allocationMode: "All" },
    ["E.count: Invalid value: 2: must not be specified when allocationMode is 'All'"],
  ],
  [
    "an unknown mode",
    { allocationMode: "Some" },
    ['E.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"'],
  ],
  [
    "a toleration of a value that exists",
    { tolerations: [{ operator: "Exists", value: "v" }] },
    ['E.tolerations[0].value: Invalid value: "v": must be empty for operator `Exists`'],
  ],
  [
    "an unknown operator and effect",
    { tolerations: [{ operator: "Not", effect: "X" }] },
    [
      'E.tolerations[0].operator: Unsupported value: "Not": supported values: "Equal", "Exists"',
      'E.tolerations[0].effect: Unsupported value: "X": supported values: "NoExecute", "NoSchedule", "None"',
    ],
  ],
  ["a selector of nothing", { selectors: [{}] }, ["E.selectors[0].cel: Required value"]],
  [
    "a selector that is no truth",
    { selectors: [{ cel: { expression: "device.driver" } }] },
    [
      'E.selectors[0].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string',
    ],
  ],
  [
    "a long selector",
    { selectors: [{ cel: { expression: `true${" ".repeat(10240)}` } }] },
    ["E.selectors[0].cel.expression: Too long: may not be more than 10240 bytes"],
  ],
  [
    "many selectors",
    { selectors: Array(33).fill({ cel: { expression: "true" } }) },
    ["E.selectors: Too many: 33: must have at most 32 items"],
  ],
];
for (const [says, request, errors] of requestCases) {
  test(`a request is refused for ${says}`, () => assert.deepEqual(ofRequest(request), errors));
}

const selected = (expression: string) => ofRequest({ selectors: [{ cel: { expression } }] });

test("selectors are CEL over one device, in bounds", () => {
  assert.deepEqual(selected('device.driver == "d.example.com"'), []);
  assert.deepEqual(selected('device.attributes["d.example.com"].model == "x" && device.allowMultipleAllocations'), []);
  assert.deepEqual(selected('device.attributes["d.example.com"].isGood'), []);
  assert.deepEqual(selected('device.capacity["d.example.com"].memory.compareTo(quantity("1Gi")) >= 0'), []);
  assert.deepEqual(selected('cel.bind(dra, device.attributes["d.example.com"], dra.isGood && dra.isFast)'), []);
  assert.match(
    selected("device.foo")[0]!,
    /^E.selectors\[0\].cel.expression: Invalid value: "device.foo": compilation failed: ERROR: <input>:1:7: undefined field 'foo'/,
  );
  assert.match(selected("noSuchVar")[0]!, /undeclared reference to 'noSuchVar'/);
  const loop = (body: string) => `device.attributes["d"].all(a, ${body})`;
  const deep = Array.from({ length: 5 }, () => loop).reduce((body, wrap) => wrap(body), "true");
  assert.deepEqual(selected(deep), ["E.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit"]);
});

const claimCases: readonly [says: string, devices: object, errors: readonly string[]][] = [
  [
    "a request that asks for nothing",
    { requests: [{ name: "r" }] },
    ["spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"],
  ],
  [
    "a request that asks twice",
    { requests: [{ ...exactly(), firstAvailable: [{ name: "a", deviceClassName: "b" }] }] },
    [
      "spec.devices.requests[0]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set",
    ],
  ],
  ["requests of one name", { requests: [exactly(), exactly()] }, ['spec.devices.requests[1]: Duplicate value: "r"']],
  [
    "a bad name",
    { requests: [{ ...exactly(), name: "R" }] },
    [`spec.devices.requests[0].name: Invalid value: "R": ${label}`],
  ],
  [
    "alternatives of one name",
    {
      requests: [
        {
          name: "f",
          firstAvailable: [
            { name: "a", deviceClassName: "b" },
            { name: "a", deviceClassName: "b" },
          ],
        },
      ],
    },
    ['spec.devices.requests[0].firstAvailable[1]: Duplicate value: "a"'],
  ],
  [
    "a constraint of nothing",
    { requests: [exactly()], constraints: [{}] },
    [
      'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
    ],
  ],
  [
    "constraints without domain, name, request",
    {
      requests: [exactly()],
      constraints: [
        { requests: ["x", "r/y", "r", "r"], matchAttribute: "m" },
        { distinctAttribute: "/x" },
        { matchAttribute: "d/" },
      ],
    },
    [
      `spec.devices.constraints[0].requests[0]: Invalid value: "x": ${reference}`,
      `spec.devices.constraints[0].requests[1]: Invalid value: "r/y": ${reference}`,
      'spec.devices.constraints[0].requests[3]: Duplicate value: "r"',
      'spec.devices.constraints[0].matchAttribute: Invalid value: "m": a fully qualified name must be a domain and a name separated by a slash',
      'spec.devices.constraints[1].distinctAttribute: Invalid value: "": the domain must not be empty',
      'spec.devices.constraints[2].matchAttribute: Invalid value: "": the name must not be empty',
    ],
  ],
  ["a configuration of nothing", { config: [{}] }, ["spec.devices.config[0].opaque: Required value"]],
  [
    "a configuration that is too large",
    { config: [{ opaque: { driver: "", parameters: { a: "x".repeat(10240) } } }] },
    [
      "spec.devices.config[0].opaque.driver: Required value",
      "spec.devices.config[0].opaque.parameters: Too long: may not be more than 10240 bytes",
    ],
  ],
  [
    "too many requests",
    { requests: Array.from({ length: 33 }, (_, i) => ({ ...exactly(), name: `r${i}` })) },
    ["spec.devices.requests: Too many: 33: must have at most 32 items"],
  ],
];
for (const [says, devices, errors] of claimCases) {
  test(`a claim is refused for ${says}`, () => assert.deepEqual(ofClaim(devices), errors));
}

test("what a claim asks for never changes", () => {
  const old = decoded(ResourceClaim, { spec: { devices: { requests: [exactly()] } } });
  assert.deepEqual(problems(ResourceClaim, { spec: { devices: { requests: [exactly()] } } }, old), []);
  assert.match(problems(ResourceClaim, { spec: {} }, old)[0]!, /^spec: Invalid value: .*: field is immutable$/);
});

test("a template is judged as its claims will be", () => {
  const template = (metadata: object, spec: object) =>
    problems(ResourceClaimTemplate, { metadata: { name: "t" }, spec: { metadata, spec } });
  assert.deepEqual(template({ labels: { a: "b" } }, { devices: { requests: [exactly()] } }), []);
  assert.deepEqual(template({ name: "x" }, { devices: { requests: [{ name: "r" }] } }), [
    "spec.metadata.name: Forbidden: cannot be set",
    "spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required",
  ]);
});

test("a class selects, configures and may bear a resource's name", () => {
  const errors = (spec: object, old?: DeviceClass) => problems(DeviceClass, { metadata: { name: "c" }, spec }, old);
  const selectors = [{ cel: { expression: "true" } }];
  assert.deepEqual(errors({ selectors, config: [{ opaque }], extendedResourceName: "example.com/gpu" }), []);
  assert.deepEqual(errors({ extendedResourceName: "gpu" }), [
    'spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name',
  ]);
  const large = { config: [{ opaque: { ...opaque, parameters: { a: "x".repeat(10240) } } }] };
  assert.match(errors(large)[0]!, /Too long/);
  assert.deepEqual(errors(large, decoded(DeviceClass, { spec: large })), []);
});

const result = (more: object = {}) => ({ request: "r", driver: "d.example.com", pool: "p", device: "x", ...more });
const claimed = decoded(ResourceClaim, { metadata: { name: "c" }, spec: { devices: { requests: [exactly()] } } });
const allocated = (...results: object[]) => ({ allocation: { devices: { results } } });
const ofStatus = (status: object, old: ResourceClaim = claimed) =>
  problems(ResourceClaim, { ...claimed, status }, old, { subresource: "status" });
const consumer = { resource: "pods", name: "p", uid: "u" };
const shareID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

test("a good status says what was allocated, to whom, and how it is", () => {
  const devices = [
    {
      ...result({ shareID }),
      data: { a: 1 },
      networkData: { interfaceName: "eth0", ips: ["10.0.0.1/24"], hardwareAddress: "aa" },
    },
  ];
  assert.deepEqual(ofStatus({ ...allocated(result({ shareID })), reservedFor: [consumer], devices }), []);
});

const statusCases: readonly [says: string, status: object, errors: readonly string[]][] = [
  [
    "users of nothing",
    { reservedFor: [{ resource: "", name: "", uid: "" }] },
    [
      "status.reservedFor[0].resource: Required value",
      "status.reservedFor[0].name: Required value",
      "status.reservedFor[0].uid: Required value",
      "status.reservedFor: Forbidden: may not be specified when `allocated` is not set",
    ],
  ],
  [
    "one user twice",
    { ...allocated(result()), reservedFor: [consumer, consumer] },
    ['status.reservedFor[1]: Duplicate value: "u"'],
  ],
  [
    "a device that was not allocated",
    { ...allocated(result()), devices: [{ driver: "d.example.com", pool: "p", device: "y" }] },
    [
      'status.devices[0]: Invalid value: {"Driver":"d.example.com","Pool":"p","Device":"y","ShareID":""}: must be an allocated device in the claim',
    ],
  ],
  [
    "results of no request, driver, pool, device",
    allocated(result({ request: "x", driver: "", pool: "", device: "X" })),
    [
      `status.allocation.devices.results[0].request: Invalid value: "x": ${reference}`,
      "status.allocation.devices.results[0].driver: Required value",
      "status.allocation.devices.results[0].pool: Required value",
      `status.allocation.devices.results[0].device: Invalid value: "X": ${label}`,
    ],
  ],
  [
    "a share that has no UUID",
    allocated(result({ shareID: "x" }), result({ shareID: shareID.toUpperCase() })),
    [
      'status.allocation.devices.results[0].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
      `status.allocation.devices.results[1].shareID: Invalid value: "${shareID.toUpperCase()}": uid must be in RFC 4122 normalized form, \`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\` with lowercase hexadecimal characters`,
    ],
  ],
  [
    "conditions to wait for, and none to end that",
    allocated(result({ bindingConditions: ["a"] })),
    [
      "status.allocation.devices.results[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions",
    ],
  ],
  [
    "conditions twice",
    allocated(result({ bindingConditions: ["a", "a"], bindingFailureConditions: ["a"] })),
    [
      'status.allocation.devices.results[0].bindingConditions[1]: Duplicate value: "a"',
      'status.allocation.devices.results[0].bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions',
    ],
  ],
  [
    "configuration from nowhere",
    {
      allocation: {
        devices: {
          config: [
            { source: "X", opaque },
            { source: "", opaque },
          ],
        },
      },
    },
    [
      'status.allocation.devices.config[0].source: Unsupported value: "X": supported values: "FromClaim", "FromClass"',
      "status.allocation.devices.config[1].source: Required value",
    ],
  ],
  [
    "a network that is none",
    {
      ...allocated(result()),
      devices: [
        {
          ...result(),
          networkData: { interfaceName: "x".repeat(257), hardwareAddress: "x".repeat(129), ips: ["1.2.3.4"] },
        },
      ],
    },
    [
      "status.devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes",
      "status.devices[0].networkData.hardwareAddress: Too long: may not be more than 128 bytes",
      'status.devices[0].networkData.ips[0]: Invalid value: "1.2.3.4": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
    ],
  ],
];
for (const [says, status, errors] of statusCases) {
  test(`the status of a claim is refused for ${says}`, () => assert.deepEqual(ofStatus(status), errors));
}

test("an allocation never changes; with it goes what was said of its devices", () => {
  const old = changed(claimed, (draft) => Object.assign(draft, { status: allocated(result()) }));
  assert.deepEqual(ofStatus(allocated(result()), old), []);
  assert.match(
    ofStatus(allocated(result({ device: "y" })), old)[0]!,
    /^status.allocation: Invalid value: .*immutable$/,
  );
  const status = { devices: [result()] };
  const left = prepared(ResourceClaim, { ...claimed, status }, old, { subresource: "status" });
  assert.equal(left.status?.devices, undefined);
});

test("a claim that goes gets no new users", () => {
  const going = changed(claimed, (draft) =>
    Object.assign(draft.metadata, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
  );
  const old = { ...going, status: { ...allocated(result()), reservedFor: [consumer] } } as unknown as ResourceClaim;
  const update = (reservedFor: object[]) =>
    errorsOf(ResourceClaim, decoded(ResourceClaim, { ...old, status: { ...old.status, reservedFor } }), old, {
      subresource: "status",
    });
  assert.deepEqual(update([consumer]), []);
  assert.deepEqual(update([consumer, { ...consumer, uid: "v" }]), [
    "status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set",
  ]);
});

const pool = { name: "p", generation: 1, resourceSliceCount: 1 };
const slice = (spec: object) => ({
  metadata: { name: "s" },
  spec: { driver: "d.example.com", nodeName: "n", pool, ...spec },
});
const ofSlice = (spec: object, old?: ResourceSlice) => problems(ResourceSlice, slice(spec), old);
const ofDevice = (device: object, spec: object = {}) =>
  ofSlice({ ...spec, devices: [{ name: "x", ...device }] }).map((text) => text.replace("spec.devices[0]", "D"));

test("a good slice has devices that say what they are", () => {
  const device = {
    attributes: {
      model: { string: "a" },
      "d.example.com/version": { version: "1.2.3-rc.1+b" },
      n: { int: 1 },
      b: { bool: true },
    },
    capacity: { memory: { value: "1Gi" } },
    taints: [{ key: "a", effect: "NoSchedule" }],
    consumesCounters: [{ counterSet: "c", counters: { a: { value: "1" } } }],
    bindingConditions: ["ready"],
    bindingFailureConditions: ["broken"],
  };
  assert.deepEqual(ofDevice(device), []);
  assert.deepEqual(ofSlice({ sharedCounters: [{ name: "c", counters: { a: { value: "1" } } }] }), []);
  assert.deepEqual(ofSlice({ nodeName: null, allNodes: true }), []);
  assert.deepEqual(ofDevice({ nodeName: "n" }, { nodeName: null, perDeviceNodeSelection: true }), []);
});

const nodes = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
const terms = [{ matchExpressions: [{ key: "a", operator: "Exists" }] }];
const sliceCases: readonly [says: string, spec: object, errors: readonly string[]][] = [
  [
    "no driver, a bad pool",
    { driver: "", pool: { name: "", generation: -1, resourceSliceCount: 0 } },
    [
      "spec.driver: Required value",
      "spec.pool.name: Required value",
      "spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero",
      "spec.pool.generation: Invalid value: -1: must be greater than or equal to zero",
    ],
  ],
  ["no nodes", { nodeName: null }, [`spec: Required value: ${nodes}`]],
  [
    "nodes twice",
    { allNodes: true, nodeSelector: { nodeSelectorTerms: terms } },
    [`spec: Invalid value: "{\`nodeName\`, \`nodeSelector\`, \`allNodes\`}": ${nodes}, but multiple fields are set`],
  ],
  [
    "not all nodes",
    { allNodes: false, perDeviceNodeSelection: false },
    [
      "spec.allNodes: Invalid value: false: must be either unset or set to true",
      "spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true",
    ],
  ],
  [
    "an empty node",
    { nodeName: "", allNodes: true },
    ['spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string'],
  ],
  [
    "counters beside devices",
    { sharedCounters: [{ name: "c", counters: { a: { value: "1" } } }], devices: [{ name: "x" }] },
    ['spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed'],
  ],
  [
    "counters of nothing",
    { sharedCounters: [{ name: "", counters: {} }] },
    ["spec.sharedCounters[0].name: Required value", "spec.sharedCounters[0].counters: Required value"],
  ],
  ["devices of one name", { devices: [{ name: "x" }, { name: "x" }] }, ['spec.devices[1]: Duplicate value: "x"']],
  [
    "too many devices with taints",
    { devices: Array.from({ length: 65 }, (_, i) => ({ name: `d${i}`, taints: [{ key: "a", effect: "None" }] })) },
    ["spec.devices: Too many: 65: must have at most 64 items"],
  ],
];
for (const [says, spec, errors] of sliceCases) {
  test(`a slice is refused for ${says}`, () => assert.deepEqual(ofSlice(spec), errors));
}

test("selected nodes are selected by one term", () => {
  const [first] = ofSlice({ nodeName: null, nodeSelector: { nodeSelectorTerms: [...terms, ...terms] } });
  assert.match(
    first!,
    /^spec.nodeSelector.nodeSelectorTerms: Invalid value: .*: must have exactly one node selector term$/,
  );
});

const own =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
const each = { nodeName: null, perDeviceNodeSelection: true };
const deviceCases: readonly [says: string, device: object, errors: readonly string[], spec?: object][] = [
  ["a bad name", { name: "X" }, [`D.name: Invalid value: "X": ${label}`]],
  [
    "attributes of nothing and of two things",
    { attributes: { a: {}, b: { int: 1, bool: false } } },
    [
      'D.attributes[a]: Invalid value: "": exactly one value must be specified',
      'D.attributes[b]: Invalid value: {"IntValue":1,"BoolValue":false,"StringValue":null,"VersionValue":null,"IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: exactly one value must be specified',
    ],
  ],
  [
    "long and odd attributes",
    { attributes: { a: { string: "x".repeat(65) }, b: { version: "1.2" } } },
    [
      "D.attributes[a].string: Too long: may not be more than 64 bytes",
      'D.attributes[b].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0',
    ],
  ],
  [
    "many attributes",
    { attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, { int: i }])) },
    ["D: Invalid value: 33: the total number of attributes and capacities must not exceed 32"],
  ],
  [
    "a name that is no identifier",
    { attributes: { "1a": { int: 1 } } },
    [
      "D.attributes: Invalid value: \"1a\": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
    ],
  ],
  [
    "bad taints",
    {
      taints: [
        { key: "a", effect: "" },
        { key: "a", effect: "X", value: "!" },
      ],
    },
    [
      "D.taints[0].effect: Required value",
      "D.taints[1].value: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      'D.taints[1].effect: Unsupported value: "X": supported values: "NoExecute", "NoSchedule", "None"',
    ],
  ],
  [
    "counters of nothing",
    { consumesCounters: [{ counterSet: "", counters: {} }] },
    ["D.consumesCounters[0].counterSet: Required value", "D.consumesCounters[0].counters: Required value"],
  ],
  [
    "nodes of its own in a slice of one node",
    { nodeName: "n" },
    [
      "D: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec",
    ],
  ],
  ["no nodes of its own", {}, [`D: Required value: ${own}`], each],
  [
    "nodes twice",
    { nodeName: "n", allNodes: true },
    [`D: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${own}`],
    each,
  ],
  [
    "no node and not all",
    { nodeName: "", allNodes: false },
    [
      'D.nodeName: Invalid value: "": must not be empty',
      "D.allNodes: Invalid value: false: must be either unset or set to true",
      `D: Required value: ${own}`,
    ],
    each,
  ],
  [
    "a policy where there is one user only",
    { capacity: { a: { value: "1", requestPolicy: {} } } },
    ["D.capacity[a].requestPolicy: Forbidden: allowMultipleAllocations must be true"],
  ],
];
for (const [says, device, errors, spec] of deviceCases) {
  test(`a device is refused for ${says}`, () => assert.deepEqual(ofDevice(device, spec), errors));
}

const ofPolicy = (requestPolicy: object) =>
  ofDevice({ allowMultipleAllocations: true, capacity: { a: { value: "10", requestPolicy } } }).map((text) =>
    text.replace("D.capacity[a].requestPolicy", "P"),
  );
const policyCases: readonly [says: string, policy: object, errors: readonly string[]][] = [
  ["nothing", {}, []],
  ["values", { default: "2", validValues: ["1", "2"] }, []],
  ["a range with steps", { default: "4", validRange: { min: "2", max: "8", step: "2" } }, []],
  [
    "both",
    { default: "2", validValues: ["2"], validRange: { min: "1" } },
    [
      'P: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
    ],
  ],
  [
    "values without a default",
    { validValues: ["1"] },
    ["P.default: Required value: required when validValues is defined"],
  ],
  [
    "a range without a default",
    { validRange: { min: "1" } },
    ["P.default: Required value: required when validRange is defined"],
  ],
  [
    "values in disorder, too large, twice",
    { default: "3", validValues: ["2", "1", "1", "11"] },
    [
      'P.validValues[1]: Invalid value: "1": values must be sorted in ascending order',
      'P.validValues[3]: Invalid value: "11": option is larger than capacity value: 10',
      'P.validValues[2]: Duplicate value: "1"',
      'P.validValues: Invalid value: "3": default value is not valid according to the requestPolicy',
    ],
  ],
  [
    "a range without a minimum",
    { default: "1", validRange: {} },
    ["P.validRange.min: Required value: required when validRange is defined"],
  ],
  [
    "a range that is none",
    { default: "1", validRange: { min: "12", max: "11" } },
    [
      'P.validRange.min: Invalid value: "12": min is larger than capacity value: 10',
      'P.validRange.min: Invalid value: "1": default is less than min: 12',
      'P.validRange.max: Invalid value: "12": min is larger than max: 11',
      'P.validRange.max: Invalid value: "11": max is larger than capacity value: 10',
    ],
  ],
  [
    "steps that miss",
    { default: "9", validRange: { min: "2", max: "7", step: "9" } },
    [
      'P.validRange.max: Invalid value: "9": default is more than max: 7',
      'P.validRange.step: Invalid value: "9": one step 11 is larger than capacity value: 10',
      'P.validRange.step: Invalid value: "9": value is not a multiple of a given step (9) from (2)',
      'P.validRange.step: Invalid value: "7": value is not a multiple of a given step (9) from (2)',
    ],
  ],
];
for (const [says, policy, errors] of policyCases) {
  test(`what claims may get of a capacity: ${says}`, () => assert.deepEqual(ofPolicy(policy), errors));
}

test("driver, pool and node of a slice never change", () => {
  const old = decoded(ResourceSlice, slice({}));
  assert.deepEqual(ofSlice({ pool: { ...pool, generation: 2 } }, old), []);
  assert.deepEqual(ofSlice({ driver: "e", nodeName: "m", pool: { ...pool, name: "q" } }, old), [
    'spec.pool.name: Invalid value: "q": field is immutable',
    'spec.driver: Invalid value: "e": field is immutable',
    'spec.nodeName: Invalid value: "m": field is immutable',
  ]);
});

test("fields of features that are off are dropped", () => {
  const made = prepared(
    ResourceSlice,
    slice({
      devices: [{ name: "x", attributes: { a: { ints: [1], int: 1 } }, nodeAllocatableResourceMappings: { cpu: {} } }],
    }),
  );
  assert.deepEqual(made.spec.devices, [{ name: "x", attributes: { a: { int: 1 } } }]);
});
