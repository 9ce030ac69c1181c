import { longerThan, notDNS1035Label, notDNSSubdomain, outside } from "../messages.ts";
import {
  type Change,
  duplicate,
  invalid,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { conditionRules, operationRules, someRule } from "./match-rules.ts";
import { selectorRules } from "./selector.ts";

const hook = "webhooks[0]";
const versions = `${hook}.admissionReviewVersions`;
const service = `${hook}.clientConfig.service`;
const url = `${hook}.clientConfig.url`;
const form = "; desired format: https://host[/path]";

const served = (more: Change = {}): Change => ({
  [`${hook}.clientConfig`]: { service: { namespace: "default", name: "a" } },
  ...more,
});

const own: readonly Rule[] = [
  {
    says: "a webhook's name is a domain of three labels",
    accepts: { [`${hook}.name`]: "a.b.c" },
    refuses: [
      refused({ [`${hook}.name`]: "" }, required(`${hook}.name`)),
      refused(
        { [`${hook}.name`]: "a.b" },
        invalid(`${hook}.name`, "a.b", "should be a domain with at least three segments separated by dots"),
      ),
      refused(
        { [`${hook}.name`]: `A.b.${"c".repeat(250)}` },
        invalid(`${hook}.name`, `A.b.${"c".repeat(250)}`, `${longerThan(253)},${notDNSSubdomain}`),
      ),
    ],
  },
  {
    says: "no two webhooks have one name",
    accepts: { "webhooks[+]": another("b.rules.example") },
    refuses: refused({ "webhooks[+]": another("a.rules.example") }, duplicate("webhooks[1].name", "a.rules.example")),
  },
  {
    says: "a failure is ignored or fails the request",
    accepts: ["Fail", "Ignore"].map((value) => ({ [`${hook}.failurePolicy`]: value })),
    refuses: refused(
      { [`${hook}.failurePolicy`]: "Retry" },
      notSupported(`${hook}.failurePolicy`, "Retry", ["Fail", "Ignore"]),
    ),
  },
  {
    says: "a match is exact, or of what is equivalent",
    accepts: ["Equivalent", "Exact"].map((value) => ({ [`${hook}.matchPolicy`]: value })),
    refuses: refused(
      { [`${hook}.matchPolicy`]: "Rough" },
      notSupported(`${hook}.matchPolicy`, "Rough", ["Equivalent", "Exact"]),
    ),
  },
  {
    says: "a webhook has no side effects",
    accepts: ["None", "NoneOnDryRun"].map((value) => ({ [`${hook}.sideEffects`]: value })),
    refuses: [
      refused(
        { [`${hook}.sideEffects`]: undefined },
        required(`${hook}.sideEffects`, "must specify one of None, NoneOnDryRun"),
      ),
      refused(
        { [`${hook}.sideEffects`]: "Some" },
        notSupported(`${hook}.sideEffects`, "Some", ["None", "NoneOnDryRun"]),
      ),
    ],
  },
  {
    says: "an answer is awaited for up to half a minute",
    accepts: [1, 30].map((value) => ({ [`${hook}.timeoutSeconds`]: value })),
    refuses: [0, 31].map((value) =>
      refused(
        { [`${hook}.timeoutSeconds`]: value },
        invalid(`${hook}.timeoutSeconds`, value, "the timeout value must be between 1 and 30 seconds"),
      ),
    ),
  },
  {
    says: "a version of reviews is told that is known",
    accepts: [["v1"], ["v1beta1"], ["v9", "v1"]].map((value) => ({ [versions]: value })),
    refuses: [
      refused({ [versions]: [] }, required(versions, "must specify one of v1, v1beta1")),
      refused({ [versions]: ["v9"] }, invalid(versions, ["v9"], "must include at least one of v1, v1beta1")),
      refused({ [versions]: ["v1", "v1"] }, invalid(`${versions}[1]`, "v1", "duplicate version")),
      refused({ [versions]: ["v1", "2"] }, invalid(`${versions}[1]`, "2", notDNS1035Label)),
    ],
  },
];

/** Of `https://…`; each of these breaks one rule. */
const badUrls = [
  ["http://a", "http", `'https' is the only allowed URL scheme${form}`],
  ["https:///a", "", `host must be specified${form}`],
  ["https://b:c@a", "b:c", "user information is not permitted in the URL"],
  ["https://a/#b", "b", "fragments are not permitted in the URL"],
  ["https://a/?b=c", "b=c", "query parameters are not permitted in the URL"],
] as const;

const client: readonly Rule[] = [
  {
    says: "a webhook is reached by a URL or by a service",
    accepts: [{ [url]: "https://a:8443/b" }, served()],
    refuses: [
      refused(
        { [`${hook}.clientConfig`]: {} },
        required(`${hook}.clientConfig`, "exactly one of url or service is required"),
      ),
      refused(
        served({ [url]: "https://a" }),
        required(`${hook}.clientConfig`, "exactly one of url or service is required"),
      ),
    ],
  },
  {
    says: "a URL has https and a host, and no user, query or fragment",
    accepts: { [url]: "https://a.example/b/c" },
    refuses: [
      ...badUrls.map(([text, shown, detail]) => refused({ [url]: text }, invalid(url, shown, detail))),
      ...[
        ["https://a\u0001", `parse "https://a\\x01": net/url: invalid control character in URL`],
        ["https://a/%zz", `parse "https://a/%zz": invalid URL escape "%zz"`],
        ["https://a:b", `parse "https://a:b": invalid port ":b" after host`],
        ["https://a b", `parse "https://a b": invalid character " " in host name`],
        [":", `parse ":": missing protocol scheme`],
        ["1a:b", `parse "1a:b": first path segment in URL cannot contain colon`],
      ].map(([text, problem]) =>
        refused({ [url]: text! }, required(url, `url must be a valid URL: ${problem}${form}`)),
      ),
    ],
  },
  {
    says: "a service has a namespace, a name and a port (what is missing is told by the other's name)",
    accepts: [1, 65_535].map((port) => served({ [`${service}.port`]: port })),
    refuses: [
      refused(served({ [`${service}.namespace`]: "" }), required(`${service}.name`)),
      refused(served({ [`${service}.name`]: "" }), required(`${service}.namespace`)),
      refused(
        served({ [`${service}.port`]: 0 }),
        invalid(`${service}.port`, 0, `port is not valid: ${outside(1, 65_535)}`),
      ),
    ],
  },
  {
    says: "a service's path is of DNS subdomains",
    accepts: ["", "/", "/a/b.c", "/a/"].map((path) => served({ [`${service}.path`]: path })),
    refuses: [
      ["//", "segment[0] may not be empty"],
      ["/a//b", "segment[1] may not be empty"],
      ["/a/B", `segment[1]: ${notDNSSubdomain}`],
      ["ab", "must start with a '/'"],
    ].map(([path, detail]) =>
      refused(served({ [`${service}.path`]: path! }), invalid(`${service}.path`, path!, detail!)),
    ),
  },
];

function another(name: string) {
  return { name, admissionReviewVersions: ["v1"], sideEffects: "None", clientConfig: { url: "https://a" } };
}

/** What a stored configuration may do, a new one may not: none can be stored that does, since these rules are. */
const changes: readonly Rule[] = [
  {
    says: "what is changed keeps the rules as well",
    accepts: { [`${hook}.timeoutSeconds`]: 5 },
    refuses: [
      refused(
        { [`${hook}.sideEffects`]: "Some" },
        notSupported(`${hook}.sideEffects`, "Some", ["None", "NoneOnDryRun"]),
      ),
      refused({ [versions]: ["v9"] }, invalid(versions, ["v9"], "must include at least one of v1, v1beta1")),
      refused({ "webhooks[+]": another("a.rules.example") }, duplicate("webhooks[1].name", "a.rules.example")),
      refused(
        { [`${hook}.matchConditions`]: [{ name: "a", expression: "1" }] },
        invalid(`${hook}.matchConditions[0].expression`, "1", "must evaluate to bool but got int"),
      ),
    ],
  },
];

const configuration = (kind: string, more: readonly Rule[]): KindRules => ({
  group: "admissionregistration.k8s.io",
  kind,
  path: `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`,
  valid: {
    metadata: { name: "rules" },
    webhooks: [{ ...another("a.rules.example"), rules: [someRule] }],
  },
  create: [
    ...own,
    ...more,
    ...client,
    ...operationRules(`${hook}.rules[0]`),
    ...selectorRules(`${hook}.namespaceSelector`),
    ...selectorRules(`${hook}.objectSelector`),
    ...conditionRules(`${hook}.matchConditions`),
  ],
  update: changes,
});

export const validatingWebhookConfiguration = configuration("ValidatingWebhookConfiguration", []);
export const mutatingWebhookConfiguration = configuration("MutatingWebhookConfiguration", [
  {
    says: "a webhook is asked again, or never",
    accepts: ["IfNeeded", "Never"].map((value) => ({ [`${hook}.reinvocationPolicy`]: value })),
    refuses: refused(
      { [`${hook}.reinvocationPolicy`]: "Always" },
      notSupported(`${hook}.reinvocationPolicy`, "Always", ["IfNeeded", "Never"]),
    ),
  },
]);
